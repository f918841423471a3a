"""Random flips, zooms, crops and colours, the same for an image and its labels."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from keras_pixda.datasets.arguments import as_size
from keras_pixda.typing import Size

# How much red, green and blue add to the brightness that is seen (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114])


def augmentation(
    flip: bool = True,
    scale: tuple[float, float] | None = None,
    crop: Size | None = None,
    colour: float | None = None,
    ignore_class: int = 255,
) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """A function that changes an image and its labels at random.

    It is called as `augment(image, labels, seed)` for each sample and depends on
    nothing but these, so that a restarted run sees the same pictures. Labels keep
    their values, and pixels from outside the image become black and ignored. Pass it
    to `FewShotDomainDataset` or `SegmentationDataset`.

    Example:
    ```python
    import numpy as np

    from keras_pixda.datasets import augmentation

    augment = augmentation(flip=True, scale=(0.5, 2.0), crop=(16, 16), colour=0.2)
    image = np.zeros((24, 32, 3), "uint8")
    labels = np.zeros((24, 32), "uint8")
    image, labels = augment(image, labels, seed=7)
    assert image.shape == (16, 16, 3)
    assert set(np.unique(labels)) <= {0, 255}
    ```

    Args:
        flip: Whether half of the samples are mirrored left to right. Defaults to
            `True`.
        scale: `(smallest, largest)` factor of size. The picture keeps its height and
            width: of a larger one a window is cut at a random place, a smaller one is
            put at a random place. Image bilinear with antialiasing, labels nearest.
            Defaults to `None`.
        crop: `(height, width)` of a window cut at a random place, at most the size of
            the picture; batches then have this size. Defaults to `None`.
        colour: Strength c, 0 to 1, of changes of brightness, by up to c/2 of the
            range, and of contrast and saturation, by factors from 1-c to 1+c.
            Defaults to `None`.
        ignore_class: Label of pixels from outside the picture. Defaults to `255`.

    Raises:
        ValueError: If a value is out of range.
    """
    if scale is not None and not 0 < scale[0] <= scale[1] < np.inf:
        raise ValueError(
            f"scale must be (smallest, largest) with 0 < smallest, received {scale!r}"
        )
    if crop is not None:
        crop = as_size(crop, "crop")
    if colour is not None and not 0 < colour < 1:
        raise ValueError(f"colour must lie between 0 and 1, received {colour!r}")

    def augment(image, labels, seed):
        random = np.random.default_rng(seed)
        flipped = flip and random.random() < 0.5
        factor = random.uniform(*scale) if scale else 1
        size, wanted = labels.shape, crop or labels.shape
        if wanted[0] > size[0] or wanted[1] > size[1]:
            raise ValueError(f"crop {crop} is larger than the picture, {size}")
        rows, columns = (
            _Window(side, length, factor, random)
            for side, length in zip(size, wanted, strict=True)
        )
        image, labels = _cut(image, labels, rows, columns)
        if colour:
            image = _change_colours(image, colour, random)
        if flipped:
            image, labels = image[:, ::-1], labels[:, ::-1]
        return (
            _put_in_place(image, rows, columns, 0),
            _put_in_place(labels, rows, columns, ignore_class),
        )

    return augment


class _Window:
    """Where a window of a scaled side lies: in the side, and in the result."""

    def __init__(self, side, length, factor, random):
        self.length = length
        self.side, self.scaled = side, max(1, round(side * factor))
        room = self.scaled - length
        offset = int(random.integers(min(room, 0), max(room, 0) + 1))
        # In the scaled side; what the window has beyond it stays empty.
        self.start, self.stop = max(offset, 0), min(offset + length, self.scaled)
        self.filled = slice(self.start - offset, self.stop - offset)

    def edges(self):
        """Start and stop in the side, in fractions of a pixel."""
        return (place * self.side / self.scaled for place in (self.start, self.stop))

    def nearest(self):
        """The nearest pixel of the side for each of the window."""
        middles = np.arange(self.start, self.stop) + 0.5
        return (middles * self.side / self.scaled).astype(np.intp)


def _cut(image, labels, rows, columns):
    if rows.scaled == rows.side and columns.scaled == columns.side:
        window = slice(rows.start, rows.stop), slice(columns.start, columns.stop)
        return image[window], labels[window]
    (top, bottom), (left, right) = rows.edges(), columns.edges()
    picture = Image.fromarray(image).resize(
        (columns.stop - columns.start, rows.stop - rows.start),
        Image.Resampling.BILINEAR,
        (left, top, right, bottom),
    )
    labels = labels.take(rows.nearest(), 0).take(columns.nearest(), 1)
    return np.asarray(picture), labels


def _change_colours(image, strength, random):
    """Change brightness, contrast and saturation, all in one matrix."""
    brightness = random.uniform(-strength / 2, strength / 2) * 255
    contrast, saturation = random.uniform(1 - strength, 1 + strength, 2)
    picture = Image.fromarray(image)
    gray = np.asarray(picture.convert("L")).mean()
    matrix = contrast * (saturation * np.eye(3) + (1 - saturation) * _LUMA)
    offset = (1 - contrast) * gray + brightness
    rows = np.column_stack([matrix, np.full(3, offset)])
    return np.asarray(picture.convert("RGB", tuple(rows.ravel())))


def _put_in_place(part, rows, columns, fill):
    """Fill up what lies outside the picture."""
    shape = rows.length, columns.length, *part.shape[2:]
    if part.shape == shape:
        return part
    whole = np.full(shape, fill, np.uint8)
    whole[rows.filled, columns.filled] = part
    return whole
