"""What the heads of the files of a whole data set show, without decoding them."""

import collections
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from keras_pixda.datasets.data_check import (
    MASK_MODES,
    DataCheck,
    masks_among_pictures,
)
from keras_pixda.datasets.decode import (
    FORMATS,
    IMAGE_MODES,
    MAX_BYTES,
    MAX_PIXELS,
    ORIENTATION,
    UPRIGHT,
)
from keras_pixda.datasets.mask_size import may_be_turned
from keras_pixda.datasets.segmentation_record import SegmentationRecord

# How whole files end; what others end with is looked at closely.
ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
# One value a pixel, as Pillow calls it; those of more than 8 bits are masks' alone.
ID_MODES = (*MASK_MODES, "I;16", "I;16B", "I")


class HeaderCheck:
    """Read the head and the last bytes of every file, and note faults.

    A file whose head leaves a doubt, as of another format, with pixels of another kind,
    turned by a camera's mark, of another size than its partner or with an unusual end,
    is read as a whole with its partner, by `DataCheck`. So what is found is what that
    finds; what the heads do not show is not: unknown ids, masks without a labelled
    pixel, bytes that changed in the middle of a file, and the shares of the classes.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import folder
    from keras_pixda.datasets.header_check import HeaderCheck

    with tempfile.TemporaryDirectory() as root:
        for kind, width in (("images", 32), ("masks", 30)):
            pathlib.Path(root, kind).mkdir()
            Image.new("L", (width, 24)).save(f"{root}/{kind}/a.png")
        checked = HeaderCheck(folder(f"{root}/images", f"{root}/masks", ("road",)))
    assert "is 30x24 pixels but" in checked.findings[0].problem
    assert "30 x 24" in checked.table()
    ```

    Args:
        record: The `SegmentationRecord` to walk.
        progress: Called as `progress(done, total)` after each pair. Defaults to `None`.
        workers: Number of threads that read. Defaults to `2`.

    Attributes:
        by_pair: For each pair a tuple of `Finding`.
        findings: Every `Finding`.
        notes: Empty: what is ordinary in a part of a benchmark is not looked at.
        kinds: `Counter` of `(part, format, mode, size)`: `"images"` or `"masks"`, two
            names of Pillow's, and `(width, height)`. A file that is no picture is not
            among them.
    """

    def __init__(
        self,
        record: SegmentationRecord,
        progress: Callable[[int, int], object] | None = None,
        workers: int = 2,
    ):
        self.by_pair, self.notes = [], []
        self.kinds = collections.Counter()
        like_masks = []
        with ThreadPoolExecutor(workers) as pool:
            heads = pool.map(lambda pair: [*map(_head, pair)], record.pairs)
            for index, (image, mask) in enumerate(heads):
                plain = _are_plain(record, image, mask)
                found = () if plain else DataCheck(record.select([index])).by_pair[0]
                self.by_pair.append(found)
                for part, head in (("images", image), ("masks", mask)):
                    if head and head.size:
                        self.kinds[part, head.format, head.mode, head.size] += 1
                if not record.labelled and image.mode in MASK_MODES:
                    like_masks.append(record.pairs[index][0])
                if progress:
                    progress(index + 1, len(record))
        self.findings = [finding for found in self.by_pair for finding in found]
        self.findings += masks_among_pictures(record, like_masks)

    def table(self) -> str:
        """A table of formats, modes and sizes, at most 80 columns wide."""
        lines = [f"{'files':<10}{'format':<8}{'mode':<8}{'width x height':<18}count"]
        for (part, kind, mode, (width, height)), count in sorted(self.kinds.items()):
            size = f"{width} x {height}"
            lines.append(f"{part:<10}{kind:<8}{mode:<8}{size:<18}{count:,}")
        return "\n".join(lines)


# What is known of a file: names of Pillow's, `(width, height)`, and whether nothing of
# it is unusual.
_Head = collections.namedtuple("_Head", "format mode size plain")
_UNREADABLE = _Head(None, None, None, False)


def _head(path):
    """The head of a file; `None` of no file."""
    if path is None:
        return None
    try:
        status = os.stat(path)
        if not (stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_BYTES):
            return _UNREADABLE
        with open(path, "rb") as file:
            picture = Image.open(file, formats=FORMATS)
            kind, end = picture.format, ENDS[picture.format]
            plain = picture.width * picture.height <= MAX_PIXELS
            if kind == "PNG":  # Whose marks Pillow finds only by decoding.
                unusual = may_be_turned(file) or getattr(picture, "is_animated", False)
            else:
                unusual = picture.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT
            file.seek(-len(end), os.SEEK_END)
            plain = plain and not unusual and file.read() == end
            return _Head(kind, picture.mode, picture.size, plain)
    except Exception:  # Decoders raise nearly anything; the close look says what.
        return _UNREADABLE


def _are_plain(record, image, mask):
    """Whether nothing about the heads of a pair is unusual."""
    if not image.plain or image.mode not in IMAGE_MODES:
        return False
    if mask is None:
        return True
    one_value = mask.mode in ID_MODES or record.is_colour_coded
    kind = mask.format == "PNG" and (one_value or record.mask_channel is not None)
    return mask.plain and kind and mask.size == image.size
