import numpy as np
import pytest

from keras_pixda.visualization import colour_mask

PALETTE = [(128, 64, 128), (0, 0, 142)]


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_known_answer(dtype):
    labels = np.array([[0, 1], [1, 255]]).astype(dtype)
    colours = colour_mask(labels, PALETTE)
    assert colours.dtype == "uint8"
    assert colours.tolist() == [
        [[128, 64, 128], [0, 0, 142]],
        [[0, 0, 142], [0, 0, 0]],
    ]


def test_everything_but_classes_has_the_ignore_colour():
    labels = np.array([[-1, 2, 255, 0]])
    colours = colour_mask(labels, PALETTE, ignore_colour=(1, 2, 3))
    assert colours.tolist() == [[[1, 2, 3]] * 3 + [[128, 64, 128]]]


def test_batch_keeps_its_shape():
    assert colour_mask(np.zeros((2, 3, 4), "uint8"), PALETTE).shape == (2, 3, 4, 3)


@pytest.mark.parametrize(
    ("labels", "palette", "message"),
    [
        (np.zeros((1, 1)), PALETTE, "float64"),
        (np.zeros((1, 1), int), [(1, 2, 3, 4)], "palette"),
        (np.zeros((1, 1), int), [(1, 2, 300)], r"0\.\.255"),
    ],
)
def test_bad_arguments(labels, palette, message):
    with pytest.raises(ValueError, match=message):
        colour_mask(labels, palette)
