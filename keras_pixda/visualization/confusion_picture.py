"""A confusion matrix as a picture."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_PAPER, _INK, _FAINT = (255, 255, 255), (32, 32, 36), (110, 110, 118)
_LINE = (225, 226, 230)
_FULL = (24, 74, 140)  # The colour of a share of 1, on the way from white.
_CELL, _GAP, _FONT = 36, 8, 14


def confusion_picture(
    matrix: np.ndarray | Sequence, classes: Sequence[str]
) -> Image.Image:
    """Draw which class the pixels of each labelled class were taken for.

    A row holds the shares, in %, of the pixels that are labelled with its class;
    a share below half a percent has no number. The row of a class without labelled
    pixels stays empty.

    Example:
    ```python
    from keras_pixda.visualization import confusion_picture

    picture = confusion_picture([[3.0, 1.0], [0.0, 2.0]], ("road", "car"))
    assert picture.mode == "RGB"
    ```

    Args:
        matrix: Counts `(classes, classes)`: row = label, column = prediction, as from
            `keras_pixda.metrics.confusion_matrix`.
        classes: Class names.

    Returns:
        `PIL.Image.Image`, which saves itself with `.save(path)`.

    Raises:
        ValueError: If the matrix is not square with a row for each class, or holds
            something else than counts.
    """
    matrix, number = np.asarray(matrix, "float64"), len(classes)
    if matrix.shape != (number, number):
        raise ValueError(
            f"Expected a matrix of shape {(number, number)}, a row and a column for "
            f"each of {number} classes, received {matrix.shape}."
        )
    if not (np.isfinite(matrix) & (matrix >= 0)).all():
        raise ValueError(
            "Expected counts, received negative or infinite numbers or NaN."
        )
    pixels = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, pixels, where=pixels > 0, out=np.zeros_like(matrix))

    font = ImageFont.load_default(_FONT)
    names = round(max(font.getlength(name) for name in classes)) + 2 * _GAP
    left = top = names + 2 * _FONT
    size = left + number * _CELL + _GAP, top + number * _CELL + _GAP
    picture = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(picture)
    centre = left + number * _CELL // 2
    draw.text((centre, _FONT), "predicted", _FAINT, font, anchor="mm")
    # Upright words are drawn level and turned.
    word = Image.new("RGB", (size[1] - top, 2 * _FONT), _PAPER)
    place = word.width // 2, _FONT
    ImageDraw.Draw(word).text(place, "labelled", _FAINT, font, anchor="mm")
    picture.paste(word.rotate(90, expand=True), (0, top))
    for index, name in enumerate(classes):
        middle = round((index + 0.5) * _CELL)
        draw.text((left - _GAP, top + middle), name, _INK, font, anchor="rm")
        word = Image.new("RGB", (names, _CELL), _PAPER)
        ImageDraw.Draw(word).text((_GAP, _CELL // 2), name, _INK, font, anchor="lm")
        picture.paste(word.rotate(90, expand=True), (left + index * _CELL, top - names))
    for row, column in np.ndindex(number, number):
        share = shares[row, column]
        x, y = left + column * _CELL, top + row * _CELL
        colour = tuple(
            np.round(_PAPER + share * np.subtract(_FULL, _PAPER)).astype(int)
        )
        # What is right lies in cells with a darker edge.
        edge = _FAINT if row == column else _LINE
        draw.rectangle((x, y, x + _CELL - 2, y + _CELL - 2), colour, edge)
        if share >= 0.005:
            ink = _PAPER if share > 0.5 else _INK
            middle = x + _CELL // 2 - 1, y + _CELL // 2 - 1
            draw.text(middle, f"{100 * share:.0f}", ink, font, anchor="mm")
    return picture
