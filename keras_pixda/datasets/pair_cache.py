"""Keep decoded pairs, so that later passes do not decode them again."""

import hashlib
import io
import os
import threading
import time
import uuid
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

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
        path, data = self._path(key), _pack(stamp, pair)
        self._writes += 1
        if self._writes % _WRITES_BETWEEN_MEASURES == 0:
            self._measure()
        before = path.stat().st_size if path.exists() else 0
        if not self._make_room(len(data), before):
            return
        # Not flushed to the disk: what a power cut leaves is found by its checksum.
        temporary = self.folder / f"{uuid.uuid4().hex}.tmp"
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

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


def _pack(stamp, pair):
    """A checksum and the arrays behind it, as bytes."""
    buffer = io.BytesIO(bytes(4))
    buffer.seek(4)
    for array in (np.array(stamp, np.int64), *pair):
        np.save(buffer, array)
    with buffer.getbuffer() as data:
        data[:4] = zlib.crc32(data[4:]).to_bytes(4, "little")
    return buffer.getbuffer()


def _unpack(path):
    """Stamp and pair of a file, or `None` if it is missing or damaged."""
    try:
        data = memoryview(path.read_bytes())
    except OSError:
        return None
    if len(data) <= 4 or zlib.crc32(data[4:]).to_bytes(4, "little") != data[:4]:
        return None
    buffer = io.BytesIO(data[4:])
    stamp, image, labels = (np.load(buffer) for _ in range(3))
    return stamp.tolist(), _frozen((image, labels))
