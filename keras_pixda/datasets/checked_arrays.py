"""Arrays in one file, with a checksum that tells whether it is what was written."""

import io
import os
import uuid
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def pack_arrays(arrays: Sequence[np.ndarray]) -> memoryview:
    """A checksum and the arrays behind it, as bytes."""
    buffer = io.BytesIO(bytes(4))
    buffer.seek(4)
    for array in arrays:
        np.save(buffer, array)
    with buffer.getbuffer() as data:
        data[:4] = zlib.crc32(data[4:]).to_bytes(4, "little")
    return buffer.getbuffer()


def unpack_arrays(path: Path, count: int) -> list[np.ndarray] | None:
    """So many arrays of a file, or `None` if it is missing or damaged."""
    try:
        data = memoryview(path.read_bytes())
    except OSError:
        return None
    if len(data) <= 4 or zlib.crc32(data[4:]).to_bytes(4, "little") != data[:4]:
        return None
    buffer = io.BytesIO(data[4:])
    return [np.load(buffer) for _ in range(count)]


def put_in_place(path: Path, data: memoryview) -> None:
    """Write a file whole, beside others that write the same one.

    It is not flushed to the disk: what a power cut leaves is found by its checksum.
    """
    temporary = path.with_name(f"{uuid.uuid4().hex}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
