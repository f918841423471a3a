"""A network like another one, with weights of its own."""

import keras


def copied_network(network: keras.Model) -> keras.Model:
    """A copy of a network that has the same weights now and shares none.

    Example:

    ```python
    from keras_pixda.models import small_segmenter
    from keras_pixda.models.copied_network import copied_network

    segmenter = small_segmenter(num_classes=3, filters=4)
    copy = copied_network(segmenter)
    assert (copy.get_weights()[0] == segmenter.get_weights()[0]).all()
    ```

    Args:
        network: The `keras.Model`.
    """
    copy = keras.models.clone_model(network)
    # Layer by layer: a clone may list its weights in another order.
    for new, old in zip(copy.layers, network.layers, strict=True):
        new.set_weights(old.get_weights())
    return copy
