"""A network of the registry with the second head that some methods train."""

import keras

from keras_pixda.models.batch_normalization import set_trainability, trainability
from keras_pixda.models.segmenters import SEGMENTERS


def with_own_auxiliary_head(segmenter: keras.Model) -> keras.Model | None:
    """The same network and weights, built anew with the auxiliary head it declares.

    Example:

    ```python
    from keras_pixda.models import small_segmenter, with_own_auxiliary_head

    segmenter = small_segmenter(num_classes=5, filters=4)
    auxiliary, main = with_own_auxiliary_head(segmenter).outputs
    assert main.shape == auxiliary.shape == (None, None, None, 5)
    ```

    Args:
        segmenter: A network, be it just built or loaded from its file.

    Returns:
        A new `keras.Model` with the outputs `[auxiliary, main]`, `None` where none of
        `keras_pixda.models.SEGMENTERS` with an auxiliary head builds such a network.
    """
    for named in SEGMENTERS.values():
        if named.auxiliary_head:
            network = _same_network(named, segmenter)
            if network is not None:
                return network
    return None


def _same_network(named, segmenter):
    """The network with one more head that holds all weights, or `None`."""
    try:
        sizes = named.sizes(segmenter) if named.sizes else {}
        network = named.build(segmenter.output_shape[-1], auxiliary_head=True, **sizes)
        main = keras.Model(network.inputs, network.outputs[-1])
        if len(main.weights) != len(segmenter.weights):
            return None
        for layer in segmenter.layers:
            if layer.weights:
                main.get_layer(layer.name).set_weights(layer.get_weights())
        set_trainability(main, trainability(segmenter))
    except (AttributeError, ValueError):  # Other layers, or weights of other shapes.
        return None
    return network
