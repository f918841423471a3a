"""The same network, made of what comes with Keras."""

import keras

from keras_pixda.layers import (
    AlignedResize,
    DilatedConvolution,
    FixedScaleBatchNormalization,
    LeanLeakyReLU,
    resized_like,
)

# Each is faster or safer to train than the layer it descends from, and equal to it
# in inference.
STOCK = {
    DilatedConvolution: keras.layers.Conv2D,
    FixedScaleBatchNormalization: keras.layers.BatchNormalization,
    LeanLeakyReLU: keras.layers.LeakyReLU,
}


def plain_keras(model: keras.Model) -> keras.Model:
    """A model of the same weights and answers without a layer of this package.

    A file of it is loaded by `keras.saving.load_model` where only Keras is installed.
    It is meant for use: trained further, its batch normalisations would train the
    scale and offset that `FixedScaleBatchNormalization` keeps.

    Example:

    ```python
    from keras_pixda.models import deeplab_v2
    from keras_pixda.serving import plain_keras

    segmenter = deeplab_v2(num_classes=5, blocks=(1, 1, 1, 1), filters=2)
    plain = plain_keras(segmenter)
    packages = {type(layer).__module__.split(".")[0] for layer in plain.layers}
    assert packages == {"keras"}
    ```

    Args:
        model: Functional or sequential `keras.Model`.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: If the model holds layers that neither Keras nor this package has.
    """
    plain = keras.models.clone_model(model, clone_function=_plain_layer)
    # Layer by layer: a clone may list its weights in another order.
    for copy, layer in zip(plain.layers, model.layers, strict=True):
        copy.set_weights(layer.get_weights())
    return plain


def _plain_layer(layer):
    if type(layer) is AlignedResize:
        inputs = [keras.Input(x.shape[1:], dtype=x.dtype) for x in layer.input]
        resized = resized_like(*inputs, layer.name, dtype=layer.compute_dtype)
        return keras.Model(inputs, resized, name=layer.name)
    if isinstance(layer, keras.Model):
        return plain_keras(layer)
    kind = STOCK.get(type(layer), type(layer))
    if not kind.__module__.startswith("keras."):
        raise ValueError(
            f"{layer.name!r} is a {kind.__name__} of {kind.__module__.split('.')[0]}, "
            "which Keras alone does not have: export another format."
        )
    return kind.from_config(layer.get_config())
