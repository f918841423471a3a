import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import DilatedConvolution
from keras_pixda.layers.dilated_convolution import _has_native_gradients


def convolve(images, kernel, bias, dilation):
    """The sum that defines a dilated convolution, tap by tap, in float64."""
    rows, columns, _, filters = kernel.shape
    batch, height, width, _ = images.shape
    pads = [
        (d * (side // 2),) * 2
        for d, side in zip(dilation, (rows, columns), strict=True)
    ]
    padded = np.pad(images.astype("float64"), [(0, 0), *pads, (0, 0)])
    result = np.zeros((batch, height, width, filters)) + bias
    for row in range(rows):
        for column in range(columns):
            top, left = row * dilation[0], column * dilation[1]
            shifted = padded[:, top : top + height, left : left + width]
            result += shifted @ kernel[row, column]
    return result


@pytest.mark.parametrize(
    ("filters", "kernel_size", "dilation"),
    [(2, 3, 6), (2, (3, 1), (2, 5)), (8, 3, 2), (8, 5, 1)],  # Few filters, then many.
)
def test_equals_the_sum_that_defines_it_and_trains_like_keras(
    filters, kernel_size, dilation
):
    random = np.random.default_rng(0)
    images = random.normal(size=(2, 9, 13, 24)).astype("float32")
    options = {"dilation_rate": dilation, "padding": "same", "use_bias": True}
    layer = DilatedConvolution(filters, kernel_size, **options)
    twin = keras.layers.Conv2D(filters, kernel_size, **options)
    layer.build(images.shape)
    twin.build(images.shape)
    weights = [random.normal(size=w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    twin.set_weights(weights)
    wanted = convolve(images, *weights, np.broadcast_to(dilation, 2))

    @tf.function
    def train(layer, images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            result = layer(images, training=True)
            loss = tf.reduce_sum(result**2)
        return result, tape.gradient(loss, [images, *layer.trainable_variables])

    close = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(layer(images), wanted, **close)
    np.testing.assert_allclose(layer(images, training=True), wanted, **close)
    result, gradients = train(layer, tf.constant(images))
    np.testing.assert_allclose(result, wanted, **close)
    _, expected = train(twin, tf.constant(images))
    for gradient, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, other, rtol=1e-3, atol=1e-2)


def test_config_round_trip():
    layer = DilatedConvolution(4, 3, dilation_rate=2, name="convolution")
    again = DilatedConvolution.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    "options", [{"strides": 2}, {"padding": "valid"}, {"groups": 2}, {"kernel_size": 4}]
)
def test_refuses_what_it_is_not_for(options):
    with pytest.raises(ValueError, match=r"keras\.layers\.Conv2D"):
        DilatedConvolution(**{"filters": 4, "kernel_size": 3, **options})


def test_trains_where_tensorflow_has_no_gradients_of_its_own(monkeypatch):
    images = np.random.default_rng(0).normal(size=(1, 6, 6, 4)).astype("float32")
    layer = DilatedConvolution(4, 3, dilation_rate=2)

    def unimplemented(*args, **kwargs):
        raise tf.errors.UnimplementedError(None, None, "no dilation")

    monkeypatch.setattr(tf.nn, "conv2d", unimplemented)
    _has_native_gradients.cache_clear()
    layer.build(images.shape)
    assert not _has_native_gradients("float32")
    with tf.GradientTape() as tape:
        loss = tf.function(lambda: tf.reduce_sum(layer(images, training=True)))()
    assert np.isfinite(tape.gradient(loss, layer.kernel)).all()
    _has_native_gradients.cache_clear()
