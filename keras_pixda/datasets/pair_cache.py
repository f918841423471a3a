"""Keep decoded pairs, so that later passes do not decode them again."""

import hashlib
import os
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from keras_pixda.datasets.checked_arrays import (
    pack_arrays,
    put_in_place,
    unpack_arrays,
)
from keras_pixda.datasets.files import file_state
from keras_pixda.datasets.reader import read_pair
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath, Size

# To be raised when the reader gives other pixels for the same file.
_FORMAT = 1
_MEMORY_BYTES = 2 * 2**30
_FOLDER_BYTES = 50 * 2**30
_WRITES_BETWEEN_MEASURES = 200


class PairCache:
    """Decoded, resized pairs of image and labels, in memory or in a folder.

    `FewShotDomainDataset(cache=...)` and `SegmentationDataset(cache=...)` make one, or
    take one that several data sets share. A pair is read again when one of its files
    has another size or time of change. When the cache is full it keeps what it has
    and adds nothing: a pass visits every pair once, so making room would only give
    up one pair for another that is needed no sooner.

    A folder may serve several runs at once and be deleted at any time. It holds
    one file a pair, put in place whole; a damaged file is read anew from its sources.
    If writing fails, as on a full disk, a warning says so once and nothing more is
    added.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import PairCache, folder

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road",))
        cache = PairCache("memory", max_bytes=2**20)
        image, labels = cache.read(record, 0, image_size=(12, 16))
        again, _ = cache.read(record, 0, image_size=(12, 16))
    assert again is image
    assert cache.bytes == image.nbytes + labels.nbytes
    ```

    Args:
        place: `"memory"`, or the path of a folder, which is made if it is missing.
            Defaults to `"memory"`.
        max_bytes: Most bytes to keep. Defaults to `None`: 2 GiB in memory, 50 GiB in
            a folder (GTA5 takes 43 GiB at 1024x512).

    Attributes:
        bytes: Number of bytes kept. For a folder, what was found in it and what this
            process added; what others add is counted from time to time.
        full: Whether the cache has stopped adding pairs.

    Raises:
        ValueError: If an argument does not fit.
        OSError: If the folder cannot be made.
    """

    def __init__(self, place: FilePath = "memory", max_bytes: int | None = None):
        if not isinstance(place, (str, os.PathLike)) or not os.fspath(place):
            raise ValueError(
                f'A cache is "memory" or the path of a folder, received {place!r}'
            )
        self.place = place
        self.folder = None if place == "memory" else Path(place).absolute()
        if max_bytes is None:
            max_bytes = _FOLDER_BYTES if self.folder else _MEMORY_BYTES
        if max_bytes < 0:
            raise ValueError(f"max_bytes must not be negative, received {max_bytes}")
        self.max_bytes = max_bytes
        self.bytes = 0
        self.full = False
        self._memory = {}
        self._lock = threading.Lock()
        self._writes = 0
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._measure()

    def __repr__(self):
        kept, most = self.bytes / 2**20, self.max_bytes / 2**20
        full = ", full" if self.full else ""
        return f"PairCache({str(self.place)!r}, {kept:.1f} of {most:.1f} MiB{full})"

    def __reduce__(self):
        # A copy, as in another process, shares the folder or starts with no pairs.
        return PairCache, (self.place, self.max_bytes)

    def read(
        self,
        record: SegmentationRecord,
        index: int,
        image_size: Size | None = None,
        label_size: Size | None = None,
        read: Callable = read_pair,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Image and labels of a pair, from the cache where it is there.

        Args:
            record: The `SegmentationRecord`.
            index: Position in `record.pairs`.
            image_size: `(height, width)` of the image. Defaults to `None`, as it is.
            label_size: `(height, width)` of the labels. Defaults to `None`, as it is.
            read: What reads a pair that is not there. Defaults to `read_pair`.

        Returns:
            As `read_pair`; the arrays cannot be written to.
        """
        arguments = (record, index, image_size, label_size)
        # Before the pair is read: a file that changes meanwhile is then read again.
        key, stamp = _identity(*arguments)
        pair = self._find(key, stamp)
        if pair is None:
            pair = _frozen(read(*arguments))
            self._add(key, stamp, pair)
        return pair

    def find(
        self,
        record: SegmentationRecord,
        index: int,
        image_size: Size | None = None,
        label_size: Size | None = None,
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """A pair if it is there and `None` if not; arguments as in `read`."""
        return self._find(*_identity(record, index, image_size, label_size))

    def damaged(self) -> tuple[int, list[str]]:
        """How many files of pairs its folder holds, and the names of damaged ones.

        A damaged file does no harm: its pair is decoded again, and written anew.
        """
        files = sorted(self.folder.glob("*.pair")) if self.folder else []
        return len(files), [path.name for path in files if _unpack(path) is None]

    def _find(self, key, stamp):
        found = _unpack(self._path(key)) if self.folder else self._memory.get(key)
        return found[1] if found and found[0] == stamp else None

    def _add(self, key, stamp, pair):
        with self._lock:
            if self.full:
                return
            add = self._write if self.folder else self._remember
            try:
                add(key, stamp, pair)
            except OSError as error:
                self.full = True
                warnings.warn(
                    f"No more pairs are cached in {self.folder}: "
                    f"{error.strerror or error}",
                    stacklevel=3,
                )

    def _remember(self, key, stamp, pair):
        _, before = self._memory.get(key, (None, ()))
        if self._make_room(*(sum(x.nbytes for x in parts) for parts in (pair, before))):
            self._memory[key] = stamp, pair

    def _write(self, key, stamp, pair):
        path, data = self._path(key), pack_arrays((np.array(stamp, np.int64), *pair))
        self._writes += 1
        if self._writes % _WRITES_BETWEEN_MEASURES == 0:
            self._measure()
        before = path.stat().st_size if path.exists() else 0
        if not self._make_room(len(data), before):
            return
        put_in_place(path, data)

    def _make_room(self, size, before):
        """Count `size` bytes in place of `before`, if that is within the bound."""
        after = self.bytes + size - before
        self.full = after > self.max_bytes
        if not self.full:
            self.bytes = after
        return not self.full

    def _measure(self):
        """Count what lies in the folder; remove what killed writers left behind."""
        self.bytes = 0
        for path in self.folder.iterdir():
            try:
                status = path.stat()
                if path.suffix == ".pair":
                    self.bytes += status.st_size
                elif path.suffix == ".tmp" and time.time() - status.st_mtime > 3600:
                    path.unlink()
            except OSError:  # Another process was faster.
                continue

    def _path(self, key):
        return self.folder / f"{key}.pair"


def _identity(record, index, image_size, label_size):
    """The key of a pair and the state of its files."""
    files = [file for file in record.pairs[index] if file is not None]
    if record.ignore_mask(index):
        files.append(record.ignore_mask(index))
    files = [os.path.abspath(file) for file in files]
    facts = (
        _FORMAT,
        files,
        image_size,
        label_size,
        record.crop,
        record.mask_channel,
        record.ignore_class,
        sorted(record.id_map.items()),
    )
    key = hashlib.sha256(repr(facts).encode()).hexdigest()
    return key, [number for file in files for number in file_state(file) or ()]


def _frozen(pair):
    for part in pair:
        part.flags.writeable = False
    return pair


def _unpack(path):
    """Stamp and pair of a file, or `None` if it is missing or damaged."""
    stamp, *pair = unpack_arrays(path, 3) or (None,)
    return None if stamp is None else (stamp.tolist(), _frozen(pair))
