import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.metrics import labels_from_logits


def resize(values, height, width):
    """Bilinear with half-pixel centres, pixel by pixel."""
    resized = np.zeros((height, width, values.shape[-1]), "float64")
    for row in range(height):
        for column in range(width):
            y = (row + 0.5) * values.shape[0] / height - 0.5
            x = (column + 0.5) * values.shape[1] / width - 0.5
            y = min(max(y, 0), values.shape[0] - 1)
            x = min(max(x, 0), values.shape[1] - 1)
            top, left = int(y), int(x)
            bottom = min(top + 1, values.shape[0] - 1)
            right = min(left + 1, values.shape[1] - 1)
            upper = values[top, left] + (x - left) * (
                values[top, right] - values[top, left]
            )
            lower = values[bottom, left] + (x - left) * (
                values[bottom, right] - values[bottom, left]
            )
            resized[row, column] = upper + (y - top) * (lower - upper)
    return resized


@pytest.mark.parametrize("size", [(6, 9), (9, 8), (2, 3), (3, 5)])
@pytest.mark.parametrize("dynamic", [False, True])
def test_resizes_with_half_pixel_centres(size, dynamic):
    logits = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    expected = [resize(image.astype("float64"), *size).argmax(-1) for image in logits]
    if dynamic:
        signature = [tf.TensorSpec((None, None, None, 5))] + 2 * [
            tf.TensorSpec((), "int32")
        ]
        compiled = tf.function(labels_from_logits, input_signature=signature)
        labels = compiled(logits, *map(tf.constant, size))
    else:
        labels = labels_from_logits(logits, *size)
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == "int32"


def test_half_precision_is_resized_in_float32():
    # Between 1 and its float16 neighbour, half precision would round to a tie.
    logits = np.ones((1, 1, 2, 2), "float16")
    logits[0, 0, 1, 1] = np.nextafter(np.float16(1), np.float16(2))
    labels = labels_from_logits(logits, 1, 8).numpy()
    assert labels.tolist() == [[[0, 0, 1, 1, 1, 1, 1, 1]]]


def test_same_size_is_argmax():
    logits = np.random.default_rng(0).normal(size=(1, 2, 3, 4)).astype("float16")
    labels = labels_from_logits(logits, 2, 3)
    np.testing.assert_array_equal(labels, logits.argmax(-1))
