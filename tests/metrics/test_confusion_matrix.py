import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.metrics import confusion_matrix


def brute_force(labels, predictions, num_classes, ignore_class=255):
    matrix = np.zeros((num_classes, num_classes))
    for label, prediction in zip(labels.flat, predictions.flat, strict=True):
        if label != ignore_class:
            matrix[label, prediction] += 1
    return matrix


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_equals_a_count_pixel_by_pixel(dtype):
    rng = np.random.default_rng(0)
    labels = rng.choice([0, 1, 3, 255], (2, 7, 5)).astype(dtype)
    predictions = rng.integers(0, 4, (2, 7, 5)).astype(dtype)
    matrix = confusion_matrix(labels, predictions, 4).numpy()
    np.testing.assert_array_equal(matrix, brute_force(labels, predictions, 4))
    assert matrix.dtype == "float64"


def test_rows_are_labels():
    assert confusion_matrix([0], [1], 2).numpy().tolist() == [[0, 1], [0, 0]]


def test_another_ignored_value_or_none():
    matrix = confusion_matrix([-1, 0, 1], [0, 0, 0], 2, ignore_class=-1)
    assert matrix.numpy().tolist() == [[1, 0], [1, 0]]
    matrix = confusion_matrix([0, 1], [0, 0], 2, ignore_class=None)
    assert matrix.numpy().tolist() == [[1, 0], [1, 0]]
    with pytest.raises(ValueError, match="255"):
        confusion_matrix([0, 255], [0, 0], 2, ignore_class=None)


def test_weights_by_pixel_and_by_image():
    labels, predictions = np.array([[0, 1], [1, 1]]), np.array([[0, 0], [1, 1]])
    weights = np.array([[0.25, 0.0], [2.0, 0.5]])
    matrix = confusion_matrix(labels, predictions, 2, sample_weight=weights)
    assert matrix.numpy().tolist() == [[0.25, 0], [0, 2.5]]
    matrix = confusion_matrix(labels, predictions, 2, sample_weight=[3, 1])
    assert matrix.numpy().tolist() == [[3, 0], [3, 2]]


def test_more_than_256_classes():
    matrix = confusion_matrix([299, 255, 0], [299, 0, 299], 300).numpy()
    assert matrix.sum() == 2
    assert matrix[299, 299] == matrix[0, 299] == 1


def test_one_batch_above_two_to_the_24():
    pixels = np.zeros(2**24 + 3, "uint8")
    matrix = confusion_matrix(pixels, pixels, 2).numpy()
    assert matrix.tolist() == [[2**24 + 3, 0], [0, 0]]


def test_names_wrong_values():
    with pytest.raises(ValueError, match=r"\(0\.\.18\).*\(255\): -1 \(1 .*34 \(2 pix"):
        confusion_matrix([0, 34, 34, -1, 255], [0] * 5, 19)
    with pytest.raises(ValueError, match=r"below -128 or above 255 \(2 pixels\)"):
        confusion_matrix([1000, -1000], [0, 0], 19)
    with pytest.raises(ValueError, match=r"class ids outside 0\.\.1 \(1 pixels\)"):
        confusion_matrix([0, 0, 255], [0, 2, 2], 2)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_inside_a_compiled_function(jit_compile):
    compiled = tf.function(confusion_matrix, jit_compile=jit_compile)
    labels, predictions = np.array([0, 1, 1, 255]), np.array([0, 0, 1, 1])
    matrix = compiled(labels, predictions, 2).numpy()
    assert matrix.tolist() == [[1, 0], [1, 1]]
    assert np.isnan(compiled(np.array([0, 7, 1, 255]), predictions, 2)).all()
