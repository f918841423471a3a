"""Which files a run was trained on, so that it is not continued on others."""

import os
import pathlib
from collections.abc import Mapping

from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.runs.manifest import file_sum
from keras_pixda.runs.read_json import read_json
from keras_pixda.typing import FilePath

INPUTS = "inputs.json"


def inputs(
    records: Mapping[str, SegmentationRecord],
    shots: SegmentationRecord | None = None,
    shots_file: FilePath | None = None,
) -> dict:
    """Names and sizes of all files of a run's data, and what its shots hold.

    Names are relative to the folder that the files of a record have in common: data
    that was moved as a whole is the same.

    Example:

    ```python
    import pathlib
    import tempfile
    from PIL import Image
    from keras_pixda.datasets import images
    from keras_pixda.runs.inputs import changed_inputs, inputs

    with tempfile.TemporaryDirectory() as folder:
        for name in "ab":
            Image.new("RGB", (8, 8)).save(f"{folder}/{name}.png")
        before = inputs({"unlabelled": images(folder)})
        pathlib.Path(folder, "a.png").unlink()
        [change] = changed_inputs(before, inputs({"unlabelled": images(folder)}))
    assert change == "unlabelled: 1 file is gone, such as a.png"
    ```

    Args:
        records: The `SegmentationRecord`s by name.
        shots: Record of the chosen shots, whose files are read. Defaults to `None`.
        shots_file: List that the shots were taken from. Defaults to `None`.

    Returns:
        A dict of JSON values, that of `inputs.json`.
    """
    found = {name: _sizes(record) for name, record in records.items()}
    if shots is not None:
        names = _files(shots)
        found["shots"] = {name: file_sum(path) for name, path in names.items()}
    if shots_file is not None:
        found["shots_file"] = {pathlib.Path(shots_file).name: file_sum(shots_file)}
    return found


def changed_inputs(before: Mapping[str, dict], now: Mapping[str, dict]) -> list[str]:
    """How the inputs of two runs differ, one sentence a kind.

    Args:
        before: What `inputs` gave of the earlier run.
        now: What it gives of the present one.

    Returns:
        A list of sentences, empty if they are the same.
    """
    changes = []
    for part in [name for name in before if name in now]:
        old, new = before[part], now[part]
        gone = [name for name in old if name not in new]
        added = [name for name in new if name not in old]
        other = [name for name in old if name in new and old[name] != new[name]]
        for names, singular, plural in (
            (gone, "file is gone", "files are gone"),
            (added, "file is new", "files are new"),
            (other, "file has changed", "files have changed"),
        ):
            if names:
                words = f"{len(names)} {plural if len(names) > 1 else singular}"
                changes.append(f"{part}: {words}, such as {names[0]}")
    return changes


def changes_since(folder: FilePath, now: Mapping[str, dict]) -> list[str]:
    """How inputs differ from those that a run in a folder notes; empty without."""
    path = pathlib.Path(folder, INPUTS)
    return changed_inputs(read_json(path)[0], now) if path.exists() else []


def _sizes(record):
    return {name: _size(path) for name, path in _files(record).items()}


def _files(record):
    paths = [str(path) for pair in record.pairs for path in pair if path is not None]
    if not paths:
        return {}
    root = os.path.commonpath({os.path.dirname(path) for path in paths})
    before = os.path.join(root, "")
    return {_within(before, path): path for path in paths}


def _within(before, path):
    """The name of a file in a folder, whose own one is `before` with its separator."""
    if path.startswith(before) and path == os.path.normpath(path):
        path = path[len(before) :]  # There may be many.
        return path.replace(os.sep, "/")
    return pathlib.Path(path).relative_to(before).as_posix()


def _size(path):
    try:
        return os.stat(path).st_size
    except OSError:
        return None  # It is said when the file is read.
