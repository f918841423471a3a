"""Pictures that two records have in common."""

import os
import unicodedata
from pathlib import Path

from keras_pixda.datasets.segmentation_record import SegmentationRecord


def same_pictures(record: SegmentationRecord, others: SegmentationRecord) -> list[int]:
    """The positions of a record's pictures that are among those of another one.

    Two are the same if they are one file, be it by a link, or copies of one: with the
    same name, in whatever folder, and the same bytes.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import images
    from keras_pixda.datasets.same_pictures import same_pictures

    with tempfile.TemporaryDirectory() as root:
        for name in ("all/a.png", "all/b.png", "few/b.png"):
            pathlib.Path(root, name).parent.mkdir(exist_ok=True)
            pathlib.Path(root, name).write_bytes(name[-5:].encode())
        same = same_pictures(images(f"{root}/all"), images(f"{root}/few"))
    assert same == [1]
    ```

    Args:
        record: The `SegmentationRecord` to search.
        others: The one whose pictures are looked for.

    Returns:
        A sorted list. A file that cannot be looked at is none of them.
    """
    files, named = set(), {}
    for path in dict.fromkeys(path for path, _ in others.pairs):
        identity, size = _look(path)
        files.add(identity)
        named.setdefault((_name(path), size), []).append(path)
    found = []
    for index, (path, _) in enumerate(record.pairs):
        identity, size = _look(path)
        if identity in files or any(
            _bytes(path) == _bytes(other)
            for other in named.get((_name(path), size), ())
        ):
            found.append(index)
    return found


def _look(path):
    """What tells a file from all others, and its size."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.abspath(path), None
    return (status.st_dev, status.st_ino), status.st_size


def _name(path):
    # Systems differ in whether an accent is part of its letter.
    return unicodedata.normalize("NFC", Path(path).stem)


def _bytes(path):
    """The bytes of a file, or `path` itself, equal to no other's, if it is gone."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return path
