"""Images and masks side by side in one picture."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_pixda.typing import Palette
from keras_pixda.visualization.colour_mask import colour_mask

_PAPER, _INK, _FAINT = (255, 255, 255), (32, 32, 36), (110, 110, 118)
_IGNORED, _HATCH = (0, 0, 0), (165, 165, 165)
_SMALLEST, _LARGEST = 320, 640


def panel(
    columns: Mapping[str, Sequence[np.ndarray] | np.ndarray],
    palette: Palette,
    classes: Sequence[str],
    captions: Sequence[str] | None = None,
    ignore_class: int = 255,
    cell_width: int | None = None,
) -> Image.Image:
    """Draw images and class masks side by side, with titles and a legend.

    Masks stay crisp: they are scaled to the nearest pixel. Ignored pixels are dark and
    hatched. Small images are enlarged, large ones reduced.

    Example:
    ```python
    import numpy as np
    from keras_pixda.visualization import panel

    picture = panel(
        {
            "image": np.zeros((1, 32, 64, 3), "uint8"),
            "truth": np.zeros((1, 32, 64), "uint8"),
            "prediction": np.ones((1, 32, 64), "uint8"),
        },
        palette=[(128, 64, 128), (0, 0, 142)],
        classes=("road", "car"),
    )
    assert picture.width > 3 * 320  # Small images are enlarged.
    ```

    Args:
        columns: Dict from the title of a column to its pictures, one for each row:
            RGB images `(height, width, 3)`, 0..255, or integer class ids
            `(height, width)` or `(height, width, 1)`. A batch array serves.
        palette: One RGB colour, 0..255, for each class.
        classes: Class names of the legend.
        captions: One line of text above each row. Defaults to `None`.
        ignore_class: Label value that is hatched. Defaults to 255.
        cell_width: Width of a picture in pixels. Defaults to `None`: that of the
            widest in the first row, brought to at least 320 by a whole factor and to at
            most 640.

    Returns:
        `PIL.Image.Image`, which saves itself with `.save(path)`.

    Raises:
        ValueError: If columns or captions differ in length, if a picture has another
            shape, if a mask holds a value that is neither a class nor `ignore_class`,
            or if palette and classes differ in length.
    """
    palette = [tuple(map(int, colour)) for colour in palette]
    _check(columns, palette, classes, captions)
    columns = {
        title: [_picture(array, title) for array in arrays]
        for title, arrays in columns.items()
    }
    rows = list(zip(*columns.values(), strict=True))
    natural = max(cell.shape[1] for cell in rows[0])
    if cell_width is None:
        cell_width = min(natural * max(1, -(-_SMALLEST // natural)), _LARGEST)
    size = min(max(cell_width // 20, 13), 26)
    font, small = _font(size), _font(max(size * 4 // 5, 12))
    gap = size // 2
    width = len(columns) * (cell_width + gap) + gap

    parts = [_titles(columns, font, cell_width, gap, width)]
    any_ignored = False
    for index, row in enumerate(rows):
        if captions is not None:
            parts.append(_line(captions[index], small, gap, width))
        height = max(1, round(cell_width * row[0].shape[0] / row[0].shape[1]))
        strip = Image.new("RGB", (width, height + gap), _PAPER)
        for column, cell in enumerate(row):
            drawn, ignored = _cell(
                cell, (cell_width, height), palette, ignore_class, list(columns)[column]
            )
            any_ignored |= ignored
            strip.paste(drawn, (gap + column * (cell_width + gap), 0))
        parts.append(strip)
    parts.append(_legend(palette, classes, any_ignored, small, gap, width))

    picture = Image.new("RGB", (width, sum(part.height for part in parts)), _PAPER)
    top = 0
    for part in parts:
        picture.paste(part, (0, top))
        top += part.height
    return picture


def _check(columns, palette, classes, captions):
    lengths = {title: len(pictures) for title, pictures in columns.items()}
    if not lengths or len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(
            f"Every column needs the same number of pictures, at least one, received "
            f"{lengths}."
        )
    if captions is not None and len(captions) not in lengths.values():
        raise ValueError(f"Received {len(captions)} captions for pictures {lengths}.")
    if len(palette) != len(classes):
        raise ValueError(f"Received {len(palette)} colours for {len(classes)} classes.")


def _picture(array, title):
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2 and (array.ndim != 3 or array.shape[-1] != 3):
        raise ValueError(
            f"Column {title!r} holds a picture of shape {array.shape}; expected RGB "
            f"(height, width, 3) or class ids (height, width)."
        )
    return array


def _cell(array, size, palette, ignore_class, title):
    """One picture at its final size, and whether it shows ignored pixels."""
    if array.ndim == 3:
        pixels = np.clip(np.rint(array), 0, 255).astype("uint8")
        return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC), False
    wrong = set(np.unique(array).tolist()) - set(range(len(palette))) - {ignore_class}
    if wrong:
        raise ValueError(
            f"Column {title!r} holds class ids {sorted(wrong)}; expected "
            f"0..{len(palette) - 1} or {ignore_class}."
        )
    rows = np.arange(size[1]) * array.shape[0] // size[1]
    columns = np.arange(size[0]) * array.shape[1] // size[0]
    labels = array[rows[:, None], columns]
    ignored = labels == ignore_class
    pixels = colour_mask(labels, palette)
    pixels[ignored] = _hatching(size)[ignored]
    return Image.fromarray(pixels), bool(ignored.any())


def _hatching(size):
    """Dark diagonal stripes, drawn at the final size so that they stay even."""
    across, down = np.arange(size[0]), np.arange(size[1])[:, None]
    stripe = (across + down) % 9 < 2
    return np.where(stripe[..., None], _HATCH, _IGNORED).astype("uint8")


def _font(size):
    return ImageFont.load_default(size)


def _fitting(text, font, width):
    """Shorten `text` until it fits into `width` pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


def _line_height(font):
    return round(font.size * 1.6)


def _line(text, font, gap, width):
    strip = Image.new("RGB", (width, _line_height(font)), _PAPER)
    ImageDraw.Draw(strip).text(
        (gap, strip.height // 2),
        _fitting(text, font, width - 2 * gap),
        fill=_FAINT,
        font=font,
        anchor="lm",
    )
    return strip


def _titles(columns, font, cell_width, gap, width):
    strip = Image.new("RGB", (width, _line_height(font) + gap // 2), _PAPER)
    draw = ImageDraw.Draw(strip)
    for index, title in enumerate(columns):
        centre = gap + index * (cell_width + gap) + cell_width // 2
        draw.text(
            (centre, strip.height // 2),
            _fitting(title, font, cell_width),
            fill=_INK,
            font=font,
            anchor="mm",
        )
    return strip


def _legend(palette, classes, any_ignored, font, gap, width):
    """Colour and name of every class, in as many lines as they need."""
    entries = list(zip(classes, palette, strict=True))
    if any_ignored:
        entries.append(("ignored", None))
    swatch = round(font.size * 1.1)
    longest = max(font.getlength(name) for name, _ in entries)
    item = min(round(swatch + gap * 2.5 + longest), width - gap)
    per_line = max(1, (width - gap) // item)
    lines = -(-len(entries) // per_line)
    line_height = _line_height(font)
    strip = Image.new("RGB", (width, lines * line_height + gap), _PAPER)
    draw = ImageDraw.Draw(strip)
    for index, (name, colour) in enumerate(entries):
        line, column = divmod(index, per_line)
        left = gap + column * item
        top = line * line_height + (line_height - swatch) // 2
        fill = (
            Image.fromarray(_hatching((swatch, swatch)))
            if colour is None
            else Image.new("RGB", (swatch, swatch), colour)
        )
        strip.paste(fill, (left, top))
        draw.rectangle((left, top, left + swatch - 1, top + swatch - 1), outline=_FAINT)
        draw.text(
            (left + swatch + gap // 2, top + swatch // 2),
            _fitting(name, font, item - swatch - gap),
            fill=_INK,
            font=font,
            anchor="lm",
        )
    return strip
