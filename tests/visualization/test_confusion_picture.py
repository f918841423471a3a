import numpy as np
import pytest

from keras_pixda.visualization import confusion_picture

CLASSES = ("road", "traffic light", "sky")
MATRIX = [[60.0, 20.0, 0.0], [10.0, 10.0, 0.0], [0.0, 0.0, 0.0]]


def cells(picture, number=3, cell=36, gap=8):
    """Colour of each cell, near its corner, where no number stands."""
    pixels = np.asarray(picture)
    top, left = (side - number * cell - gap for side in pixels.shape[:2])
    places = np.arange(number) * cell + 3
    return pixels[top + places][:, left + places]


def test_a_cell_is_as_dark_as_its_share_of_the_row():
    white, full = np.array([255, 255, 255]), np.array([24, 74, 140])
    shares = np.array([[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 0]])[..., None]
    expected = np.round(white + shares * (full - white))
    np.testing.assert_array_equal(cells(confusion_picture(MATRIX, CLASSES)), expected)


def test_numbers_stand_where_there_is_something_to_say():
    picture = np.asarray(confusion_picture(MATRIX, CLASSES))
    side = 3 * 36 + 8
    grid = picture[-side:-8, -side:-8].reshape(3, 36, 3, 36, 3)
    inside = grid[:, 4:-5, :, 4:-5].swapaxes(1, 2).reshape(9, -1, 3)
    written = [len(np.unique(cell, axis=0)) > 1 for cell in inside]
    assert written == [True, True, False, True, True, False, False, False, False]


def test_longer_names_have_room():
    short = confusion_picture(MATRIX, ("a", "b", "c"))
    assert confusion_picture(MATRIX, CLASSES).width > short.width


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((2, 3)), r"shape \(3, 3\).*received \(2, 3\)"),
        (np.full((3, 3), -1.0), "Expected counts"),
        (np.full((3, 3), np.nan), "Expected counts"),
    ],
)
def test_bad_matrices(matrix, message):
    with pytest.raises(ValueError, match=message):
        confusion_picture(matrix, CLASSES)
