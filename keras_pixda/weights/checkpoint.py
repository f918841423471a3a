"""The state dict in a file of `torch.save`, both forms, without PyTorch."""

import contextlib
import io
import struct
import zipfile
from typing import BinaryIO

import numpy as np

from keras_pixda.typing import FilePath
from keras_pixda.weights.tensor_pickle import (
    BFLOAT16,
    CheckpointError,
    Tensor,
    read_pickle,
)

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
WRAPPERS = ("model_state", "state_dict")
# DataParallel's, and that of the pretrained network all published runs start from.
PREFIXES = ("module.", "Scale.")
# What reading a damaged pickle or archive raises (zipfile: also RuntimeError, and
# OSError if it is to seek a place that cannot be).
DAMAGE = (
    *(zipfile.BadZipFile, LookupError, EOFError, RuntimeError, ValueError, OSError),
    *(struct.error, OverflowError),
)


class Checkpoint:
    """The tensors of an open file by name; numbers are read when asked for.

    Args:
        file: The file, open for reading bytes.
        path: Its name, for errors.

    Raises:
        CheckpointError: If the file is damaged, is no checkpoint, or asks for
            anything but tensors.
    """

    def __init__(self, file: BinaryIO, path: FilePath):
        self.path = path
        with self._explained():
            start = file.read(4)
            file.seek(0)
            if start == b"PK\3\4":
                value, self._load = _zip_form(file)
            elif start[:1] == b"\x80":
                value, self._load = _legacy_form(file)
            else:
                found = f"it starts with {start!r}" if start else "it is empty"
                raise CheckpointError(f"{found}, expected a zip archive or a pickle")
            self.tensors = _state_dict(value)

    def read(self, name: str) -> np.ndarray:
        """The numbers of a tensor, float32."""
        with self._explained(), np.errstate(over="ignore"):
            storage, offset, shape, strides = self.tensors[name]
            numbers = np.frombuffer(self._load(storage), storage.numbers)
            if storage.numbers == BFLOAT16:  # The upper half of a float32.
                numbers = (numbers.view("<u2").astype("<u4") << 16).view("<f4")
            strides = [stride * numbers.itemsize for stride in strides]
            view = np.lib.stride_tricks.as_strided(numbers[offset:], shape, strides)
            return np.array(view, "float32")

    @contextlib.contextmanager
    def _explained(self):
        try:
            yield
        except CheckpointError as error:
            raise self._error(error) from error
        except DAMAGE as error:
            raise self._error(f"it is truncated or damaged ({error!s:.200})") from error

    def _error(self, reason):
        text = f"{self.path}: cannot be read as a PyTorch checkpoint: {reason}."
        return CheckpointError(text)


def _zip_form(file):
    """The value and the storages of a file of PyTorch 1.6 or later."""
    archive = zipfile.ZipFile(file)
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(entries) < len(archive.infolist()):
        raise CheckpointError("its archive holds two entries of one name")
    if any(e.compress_type != zipfile.ZIP_STORED for e in entries.values()):
        raise CheckpointError("its archive is compressed, which PyTorch's never are")
    if sum(entry.file_size for entry in entries.values()) > _size(file):
        raise CheckpointError("its archive is truncated, or claims more than it holds")
    roots = [n.removesuffix("data.pkl") for n in entries if n.endswith("/data.pkl")]
    if len(roots) != 1:
        raise CheckpointError(f"its archive holds {len(roots)} data.pkl, expected one")
    root = roots[0]
    if f"{root}byteorder" in entries and archive.read(f"{root}byteorder") != b"little":
        raise CheckpointError("its numbers are not little-endian")
    value, _ = read_pickle(io.BytesIO(archive.read(f"{root}data.pkl")))

    def load(storage):
        entry = archive.getinfo(f"{root}data/{storage.key}")
        expected = storage.size * storage.numbers.itemsize
        if entry.file_size != expected:
            raise CheckpointError(
                f"its {entry.filename} has {entry.file_size} bytes, expected {expected}"
            )
        return archive.read(entry)

    return value, load


def _legacy_form(file):
    """The value and the storages of a file of PyTorch before 1.6."""
    if read_pickle(file)[0] != MAGIC or read_pickle(file)[0] != PROTOCOL:
        raise CheckpointError("it is a pickle of something else")
    system, _ = read_pickle(file)
    if type(system) is not dict or system.get("little_endian") is not True:
        raise CheckpointError("its numbers are not little-endian")
    value, storages = read_pickle(file)
    keys, _ = read_pickle(file)
    if type(keys) is not list or any(type(key) is not str for key in keys):
        raise CheckpointError("its list of storages is damaged")
    positions = {}
    for key in keys:
        size, storage = int.from_bytes(file.read(8), "little"), storages[key]
        positions[key] = file.tell()
        end = file.tell() + size * storage.numbers.itemsize
        if size != storage.size or end > _size(file):
            raise CheckpointError(f"it is truncated or damaged at the storage {key!r}")
        file.seek(end)

    def load(storage):
        file.seek(positions[storage.key])
        return file.read(storage.size * storage.numbers.itemsize)

    return value, load


def _size(file):
    """Length of an open file; its position stays."""
    position = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(position)
    return size


def _state_dict(value):
    """The dict of tensors in what was saved, without the prefix of its names."""
    if type(value) is dict:
        value = next((value[key] for key in WRAPPERS if key in value), value)
    if type(value) is not dict or not value:
        found = "an empty dict" if value == {} else type(value).__name__
        raise CheckpointError(f"expected a state dict, found {found}")
    strange = [
        k for k, v in value.items() if not (type(k) is str and type(v) is Tensor)
    ]
    if strange:
        raise CheckpointError(
            f"it holds {', '.join(ascii(key)[:60] for key in strange[:5])}, which are "
            f"no tensors; expected a state dict, or one under {' or '.join(WRAPPERS)}"
        )
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in value):
            return {name.removeprefix(prefix): value[name] for name in value}
    return value
