import numpy as np
import pytest

from keras_pixda.visualization import overlay

PALETTE = [(200, 0, 0), (0, 0, 100)]
IMAGES = np.full((1, 1, 3, 3), 100, "uint8")


def test_known_answer():
    labels = np.array([[[0, 1, 255]]], "uint8")
    drawn = overlay(IMAGES, labels, PALETTE, alpha=0.25)
    assert drawn.dtype == "uint8"
    assert drawn.tolist() == [[[[125, 75, 75], [75, 75, 100], [100, 100, 100]]]]


def test_sizes_must_agree():
    with pytest.raises(ValueError, match=r"\(1, 2, 3\).*\(1, 1, 3, 3\)"):
        overlay(IMAGES, np.zeros((1, 2, 3), "uint8"), PALETTE)
