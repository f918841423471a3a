"""Saved states of a training, of which a damaged one is never used."""

import hashlib
import json
import math
import pathlib
import shutil
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_pixda.strict_json import strict_json
from keras_pixda.typing import FilePath
from keras_pixda.whole_file import UNFINISHED, whole_file

FORMAT = b"keras_pixda state 1\n"
# The newest, and one to fall back on.
KEPT = 2
# How a header spells NaN and infinities, which JSON lacks.
_FLOAT = "not finite"


class StateFolder:
    """A folder with the last two states of a training, each with a checksum.

    A state is a dictionary of JSON values and a list of arrays. It is in the folder as
    a whole or not at all, and the one before stays until then.

    Example:

    ```python
    import tempfile
    import numpy as np
    from keras_pixda.callbacks import StateFolder

    with tempfile.TemporaryDirectory() as root:
        states = StateFolder(f"{root}/state")
        states.write({"epoch": 3}, [np.ones(2)])
        facts, arrays = states.newest()
    assert facts == {"epoch": 3} and arrays[0].tolist() == [1.0, 1.0]
    ```

    Args:
        path: The folder; it is made when the first state is written.

    Attributes:
        damaged: The states that could not be used so far, a list of paths.
    """

    def __init__(self, path: FilePath):
        self.path = pathlib.Path(path)
        self.damaged = []

    def write(self, facts: dict[str, Any], arrays: Sequence[np.ndarray]) -> None:
        """Write a state and delete those that are no longer needed.

        Args:
            facts: A dictionary of JSON values.
            arrays: A list of arrays of numbers.
        """
        before = self._files()
        number = int(before[-1].stem) + 1 if before else 1
        path = self.path / f"{number:08d}.state"
        with whole_file(path) as unfinished, open(unfinished, "wb") as file:
            _write(file, facts, arrays)
        for old in self._files()[:-KEPT]:
            old.unlink()

    def newest(self) -> tuple[dict[str, Any], list[np.ndarray]] | None:
        """Facts and arrays of the newest state that is whole.

        A damaged one is warned of and deleted, and the one before is taken.

        Returns:
            A pair, or `None` if there is none.
        """
        return self._newest()[1]

    def newest_bytes(self) -> bytes | None:
        """The file of that state, for `parse`; else `None`."""
        return self._newest()[0]

    def _newest(self):
        for path in reversed(self._files()):
            try:
                data = path.read_bytes()
                return data, self.parse(data)
            except (OSError, ValueError) as error:
                warnings.warn(
                    f"{path} is damaged ({error}): going on from the state before.",
                    stacklevel=3,
                )
                self.damaged.append(path)
                path.unlink()
        return None, None

    @staticmethod
    def parse(data: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Facts and arrays of a state from what its file holds.

        Raises:
            ValueError: If it is damaged.
        """
        content, digest = data[:-32], data[-32:]
        if not content.startswith(FORMAT) or hashlib.sha256(content).digest() != digest:
            raise ValueError("its checksum does not fit")
        start = content.index(b"\n", len(FORMAT)) + 1
        header = json.loads(content[len(FORMAT) : start], object_hook=_number)
        arrays = []
        for dtype, shape in header["arrays"]:
            count = math.prod(shape)
            array = np.frombuffer(content, np.dtype(dtype), count, start)
            arrays.append(array.reshape(shape))
            start += array.nbytes
        return header["facts"], arrays

    def has_unfinished(self) -> bool:
        """Whether there is a state from before the end of the training."""
        return any(not _is_finished(path) for path in self._files())

    def drop_finished(self) -> None:
        """Delete the state that says that training has ended.

        Those before it are kept: a longer training goes on from there.
        """
        for path in self._files():
            if _is_finished(path):
                path.unlink()

    def clear(self) -> None:
        """Delete the folder."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def _files(self):
        files = self.path.glob("*.state")
        return sorted(f for f in files if not f.name.startswith(UNFINISHED))


def _write(file, facts, arrays):
    digest = hashlib.sha256()

    def write(data):
        digest.update(data)
        file.write(data)

    arrays = [np.asarray(array, order="C") for array in arrays]
    forms = [(array.dtype.name, array.shape) for array in arrays]
    write(FORMAT)
    header = {"facts": facts, "arrays": forms}
    write(strict_json(header, lambda number: {_FLOAT: str(number)}).encode() + b"\n")
    for array in arrays:
        write(array.reshape(-1).view(np.uint8))
    file.write(digest.digest())


def _is_finished(path):
    """Whether a state is the last of its training; a damaged one is, it is no use."""
    try:
        return bool(StateFolder.parse(path.read_bytes())[0].get("finished"))
    except (OSError, ValueError):
        return True


def _number(values):
    return float(values[_FLOAT]) if values.keys() == {_FLOAT} else values
