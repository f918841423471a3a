"""What is to be said of one pair, and the pixels of its classes and ids."""

import contextlib
import functools
from collections.abc import Sequence

import numpy as np

from keras_pixda.datasets.count_pixels import count_pixels
from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.decode import UPRIGHT, decode_mask, decode_picture
from keras_pixda.datasets.files import file_state
from keras_pixda.datasets.reader import (
    cropped_box,
    decode_pair,
    fit_labels,
    ignored_pixels,
    read_image,
    read_labels,
)
from keras_pixda.datasets.segmentation_record import SegmentationRecord

# Ids below them leave two bits of a byte for marks.
_BESIDE, _UNDER = 64, 128


def look_at_pair(
    record: SegmentationRecord, index: int
) -> tuple[Sequence[Finding], np.ndarray, dict[int, int]]:
    """The findings of a pair, and the pixels of its train ids and of its ids.

    Nearly all pairs have no fault: for those little more is done than to decode them.
    Only where that cannot tell they are looked at closely.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import folder
    from keras_pixda.datasets.look_at_pair import look_at_pair

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road",))
        findings, pixels, ids = look_at_pair(record, 0)
    assert not findings
    assert pixels[0] == 768
    assert ids == {0: 768}
    ```

    Args:
        record: The `SegmentationRecord`, with masks.
        index: Position in `record.pairs`.

    Returns:
        A sequence of `Finding`, an `int64` array `(256,)`, cropped and without what is
        ignored as in training, and a dict from the mask's ids to pixels of the whole
        file; it is empty where colours stand for classes.
    """
    looked = None
    if not record.is_colour_coded:
        # What is wrong is found again below, by those who say it.
        with contextlib.suppress(DataError):
            looked = _look_quickly(record, index)
    return looked or _look_closely(record, index)


def _look_quickly(record, index):
    """The same of a pair without fault or doubt, otherwise `None`."""
    image_path, mask_path = record.pairs[index]
    picture, (ids, mark) = decode_picture(image_path), decode_mask(mask_path, record)
    if ids.dtype != np.uint8 or picture.size != ids.shape[::-1]:
        return None
    if not UPRIGHT == picture.info["orientation"] == mark:
        return None
    hood = record.ignore_mask(index)
    marked = bool(hood or record.crop)
    if marked:
        marks = _marks(hood, hood and file_state(hood), ids.shape, record.crop)
        if marks is None or ids.max() >= _BESIDE:
            return None
        ids = ids | marks
    # Counted at once: what training sees, then beside the crop, under the hood, both.
    rows = count_pixels(ids).reshape(4 if marked else 1, -1)
    pixels = rows.sum(axis=0)
    held = {int(i): int(pixels[i]) for i in np.flatnonzero(pixels)}
    if not held.keys() <= record.id_map.keys():
        return None
    labels = np.zeros(256, np.int64)
    for value in held:
        labels[record.id_map[value]] += rows[0, value]
    if marked:
        labels[record.ignore_class] += rows[2].sum()
    if not labels.sum() - labels[record.ignore_class]:
        return None  # Nothing but what is ignored, or it may lie beside the crop.
    return (), labels, held


@functools.lru_cache(maxsize=16)
def _marks(hood, state, shape, crop):
    """Bits for pixels that training does not see, `None` if the hood has another size.

    The state is there for the lru_cache: a changed file is read again.
    """
    marks = np.full(shape, _BESIDE, np.uint8)
    left, top, right, bottom = cropped_box(shape[1], shape[0], crop)
    marks[top:bottom, left:right] = 0
    if hood:
        covered = ignored_pixels(hood)
        if covered.shape != shape:
            return None
        marks |= covered * np.uint8(_UNDER)
    return marks


def _look_closely(record, index):
    image_path, mask_path = record.pairs[index]
    findings, labels, ids = (), None, None
    try:
        _, labels, ids = decode_pair(record, index)
    except DataError as error:
        findings = error.findings
        alone = []
        for read in (
            lambda: read_image(image_path),
            lambda: read_labels(record, index),
        ):
            try:
                labels = read()
            except DataError as other:
                labels = None
                alone += other.findings
        # Where both can be read each by itself, the two do not fit each other.
        findings = alone or findings
        with contextlib.suppress(DataError):
            ids, _ = decode_mask(mask_path, record)
    else:
        labels = fit_labels(labels, None, record.crop)
    counts = np.zeros(256, np.int64)
    if labels is not None:
        counts = count_pixels(labels)
    held = {}
    if ids is not None and not record.is_colour_coded:
        found = count_pixels(ids)
        held = {int(i): int(found[i]) for i in np.flatnonzero(found)}
    return findings, counts, held
