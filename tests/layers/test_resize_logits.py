import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import resize_logits
from keras_pixda.methods import PixDAModel


def half_pixel(line, new):
    """One line, bilinear with half-pixel centres."""
    old = len(line)
    where = (np.arange(new) + 0.5) * old / new - 0.5
    return np.interp(np.clip(where, 0, old - 1), np.arange(old), line)


@pytest.mark.parametrize("size", [(8, 9), (13, 5), (4, 6)])
@pytest.mark.parametrize("compiled", [False, True])
def test_equals_a_plain_numpy_rewrite(size, compiled):
    logits = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    expected = np.apply_along_axis(half_pixel, 1, logits, size[0])
    expected = np.apply_along_axis(half_pixel, 2, expected, size[1])
    resize = resize_logits
    if compiled:  # A size that is known only when the function runs.

        @tf.function(
            input_signature=[
                tf.TensorSpec((None, None, None, 3), tf.float32),
                tf.TensorSpec((2,), tf.int32),
            ]
        )
        def resize(logits, size):
            return resize_logits(logits, (size[0], size[1]))

        size = np.array(size, "int32")
    np.testing.assert_allclose(resize(logits, size), expected, atol=1e-5)


def test_a_model_resizes_small_logits_of_unknown_size():
    inputs = keras.Input((None, None, 3))
    model = PixDAModel(keras.Model(inputs, keras.layers.Conv2D(3, 4, 4)(inputs)))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    def call(images):
        return model(images)

    assert call(np.zeros((1, 32, 40, 3), "float32")).shape == (1, 32, 40, 3)
