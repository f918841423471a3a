import numpy as np
import pytest
from PIL import ImageFont

from keras_pixda.visualization import panel

PALETTE = [(200, 0, 0), (0, 0, 200)]
CLASSES = ("road", "car")
LABELS = np.array([[0, 1], [1, 255]], "uint8")
BLACK, STRIPE = (0, 0, 0), (165, 165, 165)


def block(picture, colour):
    """Rectangle that encloses a colour: left, top, right, bottom."""
    rows, columns = np.nonzero((np.asarray(picture) == colour).all(-1))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def cells(picture, width, height, columns):
    """The pictures of the first row, cut out without knowing the margins."""
    pixels = np.asarray(picture).astype(int)
    gap = (picture.width - columns * width) // (columns + 1)
    white = (pixels == 255).all(-1)
    top = next(
        y
        for y in range(picture.height)
        if not white[y : y + height, gap : gap + width].any()
    )
    return [
        pixels[top : top + height, left : left + width]
        for left in range(gap, gap + columns * (width + gap), width + gap)
    ]


def test_masks_are_enlarged_without_blur():
    picture = panel({"truth": [LABELS]}, PALETTE, CLASSES, cell_width=40)
    (cell,) = cells(picture, 40, 40, columns=1)
    assert (cell[:20, :20] == (200, 0, 0)).all()
    assert (cell[:20, 20:] == (0, 0, 200)).all()
    assert (cell[20:, :20] == (0, 0, 200)).all()
    ignored = {tuple(pixel) for pixel in cell[20:, 20:].reshape(-1, 3).tolist()}
    assert ignored == {BLACK, STRIPE}


def test_image_and_mask_of_different_size_are_aligned():
    image = np.zeros((4, 8, 3), "uint8")
    image[:, 4:] = 100
    labels = np.array([[0, 1]])[..., None]
    picture = panel({"image": [image], "truth": [labels]}, PALETTE, CLASSES)
    # 8 pixels wide: enlarged 40 times.
    drawn, truth = cells(picture, 320, 160, columns=2)
    assert (drawn[:, :80] == 0).all()
    assert (drawn[:, 240:] == 100).all()
    assert (abs(drawn[:, 159:161] - 50) < 3).all()
    assert (truth[:, :160] == (200, 0, 0)).all()
    assert (truth[:, 160:] == (0, 0, 200)).all()


@pytest.mark.parametrize(
    ("natural", "shown"), [(8, 320), (240, 480), (480, 480), (2048, 640)]
)
def test_size_of_the_pictures(natural, shown):
    image = np.zeros((natural // 2, natural, 3), "uint8")
    picture = panel({"image": [image]}, PALETTE, CLASSES)
    (drawn,) = cells(picture, shown, shown // 2, columns=1)
    assert (drawn == 0).all()
    assert picture.width < shown * 1.1


def test_float_images_are_rounded_and_clipped():
    image = np.full((2, 2, 3), (-5.0, 99.6, 260.0))
    picture = panel({"image": [image]}, PALETTE, CLASSES, cell_width=40)
    (drawn,) = cells(picture, 40, 40, columns=1)
    assert (drawn == (0, 100, 255)).all()


def test_rows_stand_below_each_other_with_captions():
    masks = np.array([[[0, 0]], [[1, 1]]])
    arguments = {"palette": PALETTE, "classes": CLASSES, "cell_width": 200}
    plain = panel({"truth": masks}, **arguments)
    labelled = panel({"truth": masks}, captions=("first", "second"), **arguments)
    assert labelled.width == plain.width
    assert labelled.height > plain.height + 20
    pixels = np.asarray(labelled)
    red, blue = (
        np.flatnonzero((pixels == colour).all(-1).sum(axis=1) == 200)
        for colour in PALETTE
    )
    assert len(red) == len(blue) == 100
    # The second caption stands between the rows.
    between = pixels[red.max() + 1 : blue.min()]
    assert (between < 200).any()


def test_legend_shows_every_class_within_the_picture():
    palette = [(10 * i + 5, 250 - 10 * i, 77) for i in range(19)]
    classes = [f"class number {i}" for i in range(19)]
    image = np.zeros((10, 20, 3), "uint8")
    for columns in (1, 4):
        pictures = {str(column): [image] for column in range(columns)}
        picture = panel(pictures, palette, classes)
        boxes = [block(picture, colour) for colour in palette]
        sides = {(box[2] - box[0], box[3] - box[1]) for box in boxes}
        assert len(sides) == 1
        assert max(box[3] for box in boxes) < picture.height
        assert len({box[:2] for box in boxes}) == 19
        # The text right of the last swatch in a line ends inside the picture.
        font = ImageFont.load_default(12)
        rightmost = max(box[2] for box in boxes)
        assert rightmost + font.getlength(classes[-1]) < picture.width


def test_legend_names_ignored_pixels_only_where_there_are_some():
    def hatched(labels):
        pixels = np.asarray(panel({"truth": [labels]}, PALETTE, CLASSES, cell_width=40))
        return (pixels == STRIPE).all(-1).any()

    assert hatched(LABELS)
    assert not hatched(LABELS * 0)


def test_long_titles_and_names_stay_inside():
    long = "a very long text " * 10
    picture = panel(
        {long: [LABELS]}, PALETTE, (long, "car"), captions=[long], cell_width=100
    )
    edge = np.asarray(picture)[:, -3:]
    assert (edge == 255).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": {}}, "at least one"),
        ({"columns": {"a": [LABELS], "b": [LABELS] * 2}}, "'a': 1, 'b': 2"),
        ({"columns": {"a": [LABELS + 1]}}, r"'a' holds class ids \[0, 2\]|\[2\]"),
        ({"columns": {"a": [LABELS[0]]}}, r"'a'.*\(2,\)"),
        ({"captions": ["a", "b"]}, "2 captions"),
        ({"classes": ("road",)}, "2 colours for 1 classes"),
    ],
)
def test_bad_arguments(change, message):
    arguments = {"columns": {"a": [LABELS]}, "palette": PALETTE, "classes": CLASSES}
    with pytest.raises(ValueError, match=message):
        panel(**{**arguments, **change})
