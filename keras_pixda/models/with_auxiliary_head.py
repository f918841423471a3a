"""A segmenter with the second head that some methods train."""

import keras

from keras_pixda.models.segmenters import SEGMENTERS


def with_auxiliary_head(segmenter: keras.Model) -> keras.Model:
    """The same network and weights, copied, with a second, untrained head.

    Example:

    ```python
    from keras_pixda.models import small_segmenter, with_auxiliary_head

    segmenter = small_segmenter(num_classes=5, filters=4)
    auxiliary, main = with_auxiliary_head(segmenter).outputs
    assert main.shape == auxiliary.shape == (None, None, None, 5)
    ```

    Args:
        segmenter: A network that one of `keras_pixda.models.SEGMENTERS` has built, of
            whatever size, or that was loaded from its file.

    Returns:
        A new `keras.Model` with the outputs `[auxiliary, main]`.

    Raises:
        ValueError: If no segmenter with an auxiliary head is this network.
    """
    able = {name: known for name, known in SEGMENTERS.items() if known.auxiliary_head}
    for known in able.values():
        network = _same_network(known, segmenter)
        if network is not None:
            return network
    raise ValueError(
        f"The segmenter {segmenter.name!r} has no place for an auxiliary head: "
        f"expected a network that one of {[*able]} builds."
    )


def _same_network(known, segmenter):
    """The network with one more head that holds all weights, or `None`."""
    try:
        sizes = known.sizes(segmenter) if known.sizes else {}
        network = known.build(segmenter.output_shape[-1], auxiliary_head=True, **sizes)
        main = keras.Model(network.inputs, network.outputs[-1])
        if len(main.weights) != len(segmenter.weights):
            return None
        for layer in segmenter.layers:
            if layer.weights:
                main.get_layer(layer.name).set_weights(layer.get_weights())
    except (AttributeError, ValueError):  # Other layers, or weights of other shapes.
        return None
    return network
