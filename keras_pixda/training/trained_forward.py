"""The training pass of any functional network, by what is fast on a CPU."""

import functools
from typing import Any

import keras
import tensorflow as tf

from keras_pixda.layers.batch_normalized import batch_normalized
from keras_pixda.layers.native_gradients import (
    has_fast_gradients,
    has_native_gradients,
)
from keras_pixda.layers.resized_like import resized_like
from keras_pixda.layers.trained_convolution import pixel_product, trained_convolution
from keras_pixda.layers.trained_depthwise import trained_depthwise
from keras_pixda.private_keras import history_of, is_functional, run_operations
from keras_pixda.typing import Tensor


def trained_forward(network: keras.Model, images: Tensor) -> Any:
    """What a network makes of images in training, as `network(images, training=True)`.

    On a CPU, in compiled functions, stock layers of a functional network run by other
    operations of TensorFlow than Keras's: batch normalisation as one, kernels of one
    tap as matrix products, depthwise and plain convolutions with the gradients that are
    fast on this processor, resizing with aligned corners as one. Weights, statistics
    and, up to rounding, results are Keras's; the network stays what it is, and so do
    files of it. Layers in half precision, of other classes or with unusual settings run
    as they are.

    Example:

    ```python
    import numpy as np
    import tensorflow as tf
    from keras_pixda.models import small_segmenter
    from keras_pixda.training.trained_forward import trained_forward

    network = small_segmenter(num_classes=3, filters=4)
    images = tf.random.uniform((2, 32, 48, 3), 0, 255)
    logits = tf.function(trained_forward)(network, images)
    assert np.allclose(logits, network(images, training=True), atol=1e-3)
    ```

    Args:
        network: A `keras.Model`.
        images: Shape `(batch, height, width, 3)`, 0..255.

    Returns:
        Its output or outputs.
    """
    on_cpu = not tf.config.list_physical_devices("GPU")
    if tf.executing_eagerly() or not on_cpu or not is_functional(network):
        return network(images, training=True)
    return run_operations(network, images, _fast)


def _fast(operation):
    """A function that does what an operation does in training, or `None`."""
    if getattr(operation, "compute_dtype", None) != "float32":
        return None
    if isinstance(operation, keras.Model):
        if not is_functional(operation):
            return None
        run = _resize if _is_resize(operation) else _within
        return functools.partial(run, operation)
    # Of a stock class, not of one that descends from it.
    if type(operation) not in FAST or not operation.built:
        return None
    if operation.activity_regularizer or operation.quantization_mode:
        return None
    suits, run = FAST[type(operation)]
    return functools.partial(run, operation) if suits(operation) else None


def _within(network, inputs, mask=None):
    """A network within a network."""
    if any(part is not None for part in keras.tree.flatten(mask)):
        return network(inputs, training=True, mask=mask)
    return run_operations(network, inputs, _fast)


# === Batch normalisation ===


def _suits_normalisation(layer):
    return (
        layer.trainable
        and layer.input_spec.ndim == 4
        and layer.axis in (-1, 3)
        and not layer.synchronized
        and not layer.renorm
        and layer.variable_dtype == "float32"
    )


def _normalise(layer, inputs, mask=None):
    if mask is not None:
        return layer(inputs, training=True, mask=mask)
    inputs = keras.ops.cast(inputs, "float32")
    scale, offset = (
        tf.fill(inputs.shape[-1:], neutral) if weight is None else _value(weight)
        for weight, neutral in ((layer.gamma, 1.0), (layer.beta, 0.0))
    )
    slow = has_native_gradients("float32") and not has_fast_gradients()
    outputs, *batch = batch_normalized(inputs, scale, offset, layer.epsilon, slow)
    moving = layer.moving_mean, layer.moving_variance
    for kept, now in zip(moving, batch, strict=True):
        kept.assign(kept * layer.momentum + now * (1.0 - layer.momentum))
    return outputs


# === Convolutions ===


def _suits_convolution(layer):
    return (
        set(layer.strides) == {1}
        and layer.groups == 1
        and layer.data_format == "channels_last"
        and not layer.lora_enabled
        and (
            layer.kernel_size == (1, 1)
            or layer.padding == "same"
            and all(side % 2 for side in layer.kernel_size)
        )
    )


def _convolve(layer, inputs):
    inputs, kernel = keras.ops.cast(inputs, "float32"), _value(layer.kernel)
    if layer.kernel_size == (1, 1):
        return _finished(layer, pixel_product(inputs, kernel))
    natively = has_native_gradients("float32")
    by_products = not (natively and has_fast_gradients())
    outputs = trained_convolution(
        inputs, kernel, layer.dilation_rate, natively, by_products
    )
    return _finished(layer, outputs)


def _suits_depthwise(layer):
    return (
        has_native_gradients("float32")  # Others than oneDNN's are as fast as they are.
        and len(set(layer.strides)) == 1
        and set(layer.dilation_rate) == {1}
        and layer.padding == "same"
        and layer.data_format == "channels_last"
    )


def _convolve_depthwise(layer, inputs):
    inputs, kernel = keras.ops.cast(inputs, "float32"), _value(layer.kernel)
    return _finished(layer, trained_depthwise(inputs, kernel, layer.strides[0]))


def _finished(layer, outputs):
    if layer.use_bias:
        outputs += _value(layer.bias)
    return outputs if layer.activation is None else layer.activation(outputs)


def _value(weight):
    return tf.convert_to_tensor(weight.value)


FAST = {
    keras.layers.BatchNormalization: (_suits_normalisation, _normalise),
    keras.layers.Conv2D: (_suits_convolution, _convolve),
    keras.layers.DepthwiseConv2D: (_suits_depthwise, _convolve_depthwise),
}


# === Resizing ===


def _is_resize(network):
    """Whether a network within a network is what `resized_like` makes."""
    return _operations(network) in _operations_of_resize()


@functools.cache
def _operations_of_resize():
    x, like = keras.Input((None, None, 1)), keras.Input((None, None, 1))
    answers = []
    for dtype in ("float32", "float16"):
        resized = resized_like(x, like, "resized", dtype)
        answers.append(_operations(history_of(resized)[0]))
    return answers


def _operations(network):
    kinds = [type(operation).__name__ for operation in network.operations]
    return [x.name for x in network.inputs], sorted(kinds)


def _resize(network, inputs, mask=None):
    images, reference = inputs
    resized = tf.raw_ops.ResizeBilinear(
        images=images, size=tf.shape(reference)[1:3], align_corners=True
    )
    return keras.ops.cast(resized, network.outputs[0].dtype)
