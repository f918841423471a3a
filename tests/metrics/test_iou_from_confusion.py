import keras
import numpy as np
import pytest

from keras_pixda.metrics import iou_from_confusion


def test_known_answer():
    matrix = np.array([[6, 2, 0], [1, 3, 0], [0, 0, 5]])
    iou = iou_from_confusion(matrix).numpy()
    np.testing.assert_allclose(iou, [6 / 9, 3 / 6, 1.0], rtol=1e-12)


def test_a_class_without_labels_is_nan_whatever_was_predicted():
    iou = iou_from_confusion(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 0]])).numpy()
    np.testing.assert_array_equal(iou, [0.75, np.nan, np.nan])


def test_with_every_class_labelled_the_mean_is_that_of_keras():
    labels, predictions = np.random.default_rng(0).integers(0, 4, (2, 200))
    metric = keras.metrics.MeanIoU(4)
    metric.update_state(labels, predictions)
    matrix = np.zeros((4, 4))
    np.add.at(matrix, (labels, predictions), 1)
    mean = iou_from_confusion(matrix).numpy().mean()
    np.testing.assert_allclose(mean, float(metric.result()), rtol=1e-6)


def test_exact_above_two_to_the_24():
    matrix = np.array([[2**40, 0], [1, 2**40 - 1]], "int64")
    iou = iou_from_confusion(matrix).numpy()
    assert iou[0] == 2**40 / (2**40 + 1) != 1.0


def test_square():
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        iou_from_confusion(np.zeros((2, 3)))
