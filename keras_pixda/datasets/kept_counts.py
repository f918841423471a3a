"""The pixels of each class of masks, kept from run to run."""

import hashlib
import os
import warnings
import zlib

import numpy as np

from keras_pixda.datasets.checked_arrays import (
    pack_arrays,
    put_in_place,
    unpack_arrays,
)
from keras_pixda.datasets.files import file_state
from keras_pixda.datasets.home import home
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import Size

# Names another folder, or none if it is empty.
VARIABLE = "KERAS_PIXDA_COUNTS"
USUAL = "~/.keras/keras_pixda/counts"
# Masks of a record; fewer are counted about as soon as looked up.
LEAST = 100
# To be raised when the reader gives other labels for the same file.
_FORMAT = 1
# Of a file that cannot be looked at, whose counts are never kept.
_GONE = -1, -1


class KeptCounts:
    """What was counted in the masks of a record by any run before.

    A row is used for as long as its mask, and the picture of what is ignored of it,
    have the same size and time of change. It lies in a file for each folder of data and
    each way to read its masks, which has a checksum: a damaged one is passed over, and
    written anew. The folder `~/.keras/keras_pixda/counts`, or that which the
    environment variable `KERAS_PIXDA_COUNTS` names, may be deleted at any time; an
    empty variable keeps nothing. Records of less than 100 masks are not kept.

    Example:
    ```python
    import pathlib
    import tempfile

    import numpy as np

    from keras_pixda.datasets import folder, kept_counts

    with tempfile.TemporaryDirectory() as root:
        for path in ("images/a.png", "masks/a.png"):
            pathlib.Path(root, path).parent.mkdir()
            pathlib.Path(root, path).touch()
        record = folder(f"{root}/images", f"{root}/masks", ("road", "car"))
        kept = kept_counts.KeptCounts(record, folder=f"{root}/counts")
        assert kept.missing.tolist() == [0]
        kept.write(np.array([[5, 3]]))
        kept = kept_counts.KeptCounts(record, folder=f"{root}/counts")
    assert kept.missing.size == 0
    assert kept.pixels.tolist() == [[5, 3]]
    ```

    Args:
        record: The `SegmentationRecord`, of masks.
        size: `(height, width)` to count at. Defaults to `None`, as they are.
        folder: Where they are kept, `""` for nowhere. Defaults to `None`, as above.

    Attributes:
        pixels: `int64` array `(pairs, classes)`, zeros where nothing is known.
        missing: Positions of the pairs that have to be counted, sorted.
    """

    def __init__(
        self,
        record: SegmentationRecord,
        size: Size | None = None,
        folder: str | os.PathLike | None = None,
    ):
        self.pixels = np.zeros((len(record), len(record.classes)), np.int64)
        self.missing = np.arange(len(record))
        self._file = None
        if folder is None:
            usual = USUAL if len(record) >= LEAST else ""
            folder = usual and os.environ.get(VARIABLE, usual)
        if not folder or not len(record):
            return
        masks = [os.path.abspath(mask) for _, mask in record.pairs]
        root = os.path.commonpath([os.path.dirname(mask) for mask in masks])
        self._file = home(folder) / f"{_key(record, size, root)}.counts"
        self._names = [os.fsencode(mask[len(root) :]) for mask in masks]
        # Before anything is counted: what changes meanwhile is then counted again.
        self._stamps = _stamps(record)
        self._others = {}
        self._read(len(record.classes))

    def write(self, pixels: np.ndarray) -> None:
        """Keep the counts of all pairs.

        A folder that cannot be written to is said in a warning, and stops nothing.

        Args:
            pixels: As `pixels`, with what was missing.
        """
        if self._file is None:
            return
        rows = {**self._others}
        for name, row in zip(
            self._names, np.hstack([self._stamps, pixels]), strict=True
        ):
            if (row[0], row[1]) != _GONE:
                rows[name] = row
        values = np.array([*rows.values()], np.int64).reshape(len(rows), -1)
        names = np.frombuffer(b"\0".join(rows), np.uint8)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            put_in_place(self._file, pack_arrays((names, values)))
        except OSError as error:
            warnings.warn(
                f"Class counts are not kept in {self._file.parent} "
                f"({error.strerror or error}): masks are counted anew in the next run. "
                f"{VARIABLE} may name another folder, or none.",
                stacklevel=3,
            )

    def _read(self, classes):
        names, values = unpack_arrays(self._file, 2) or (None, None)
        if names is None or not len(values):
            return
        rows = {n: i for i, n in enumerate(names.tobytes().split(b"\0"))}
        places = np.array([rows.get(name, -1) for name in self._names])
        same = values[places, :-classes] == self._stamps
        known = (places >= 0) & same.all(axis=1)
        self.pixels[known] = values[places[known], -classes:]
        self.missing = np.flatnonzero(~known)
        # Of the other parts and splits that lie in the same folder.
        mine = {*self._names}
        self._others = {n: values[i] for n, i in rows.items() if n not in mine}


def _key(record, size, root):
    """What the counts depend on beside the files themselves, in a file's name."""
    facts = (
        _FORMAT,
        root,
        size and tuple(map(int, size)),
        record.crop,
        record.mask_channel,
        record.ignore_class,
        len(record.classes),
        sorted(record.id_map.items()),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _stamps(record):
    """`int64` `(pairs, 5)`: what tells if a mask, or what is ignored of it, changes."""
    states = {None: (0, 0)}
    for index, (_, mask) in enumerate(record.pairs):
        for path in (mask, record.ignore_mask(index)):
            if path not in states:
                states[path] = file_state(path) or _GONE
    stamps = []
    for index, (_, mask) in enumerate(record.pairs):
        ignored = record.ignore_mask(index)
        name = zlib.crc32(os.fsencode(ignored or ""))
        stamps.append((*states[mask], *states[ignored], name))
    return np.array(stamps, np.int64)
