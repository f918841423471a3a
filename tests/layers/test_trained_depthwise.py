import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers.trained_depthwise import trained_depthwise


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sides", [(3, 3), (5, 5), (4, 7)])
@pytest.mark.parametrize("size", [(8, 11), (9, 4), (2, 1)])
def test_trains_as_the_convolution_of_tensorflow(size, sides, stride):
    random = np.random.default_rng(0)

    def plain(maps, kernel, stride):
        strides = [1, stride, stride, 1]
        return tf.nn.depthwise_conv2d(maps, kernel, strides, "SAME")

    maps = tf.constant(random.normal(size=(2, *size, 3)), "float32")
    kernel = tf.constant(random.normal(size=(*sides, 3, 2)), "float32")
    upstream = plain(maps, kernel, stride) + 1.0

    def train(function, maps):
        with tf.GradientTape() as tape:
            tape.watch([maps, kernel])
            outputs = function(maps, kernel, stride)
        return outputs, *tape.gradient(outputs, [maps, kernel], upstream)

    any_size = tf.TensorSpec((None, None, None, 3))
    ours = tf.function(lambda maps: train(trained_depthwise, maps), [any_size])(maps)
    for value, wanted in zip(ours, train(plain, maps), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-4)
