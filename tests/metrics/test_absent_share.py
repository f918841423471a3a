import numpy as np

from keras_pixda.metrics import absent_share


def test_known_answer():
    matrix = np.array([[3, 1, 2, 0], [0, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert float(absent_share(matrix)) == 0.2


def test_nothing_labelled_is_nothing_given():
    assert float(absent_share(np.zeros((2, 2)))) == 0.0


def test_unknown_counts_stay_unknown():
    assert np.isnan(float(absent_share(np.full((2, 2), np.nan))))
