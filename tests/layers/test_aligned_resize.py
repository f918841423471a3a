import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import AlignedResize, aligned_resize


def numpy_resize(images, size):
    """Bilinear with aligned corners, row by row and column by column."""
    for axis, new in ((1, size[0]), (2, size[1])):
        old = images.shape[axis]
        images = np.apply_along_axis(
            lambda line, new=new, old=old: np.interp(
                np.linspace(0, old - 1, new), np.arange(old), line
            ),
            axis,
            images,
        )
    return images


@pytest.mark.parametrize("size", [(9, 17), (65, 33), (5, 4), (1, 7)])
def test_equals_a_plain_numpy_rewrite(size):
    images = np.random.default_rng(0).normal(size=(2, 5, 9, 3)).astype("float32")
    expected = numpy_resize(images, size) if size[0] > 1 else None
    result = aligned_resize(images, size).numpy()
    if expected is None:  # One row: the first, as PyTorch gives it.
        expected = numpy_resize(images[:, :1], size)
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_equals_tensorflow_with_aligned_corners():
    images = np.random.default_rng(0).normal(size=(1, 17, 33, 5)).astype("float32")
    expected = tf.compat.v1.image.resize_bilinear(
        images, (128, 256), align_corners=True
    )
    np.testing.assert_allclose(aligned_resize(images, (128, 256)), expected, atol=2e-5)


def test_layer_with_unknown_sizes_keeps_half_precision():
    logits, images = keras.Input((None, None, 5)), keras.Input((None, None, 3))
    model = keras.Model(
        [logits, images], AlignedResize(dtype="float16")((logits, images))
    )
    assert model.output_shape == (None, None, None, 5)
    result = model([np.ones((1, 4, 6, 5)), np.zeros((1, 16, 20, 3))])
    assert result.shape == (1, 16, 20, 5)
    assert result.dtype == tf.float16
    np.testing.assert_allclose(result, 1.0, atol=1e-3)
