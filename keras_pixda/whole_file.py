"""Files that are there as a whole or not at all."""

import contextlib
import os
import pathlib
from collections.abc import Iterator

from keras_pixda.typing import FilePath

UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def whole_file(path: FilePath) -> Iterator[pathlib.Path]:
    """A path to write to, whose file takes the place of `path` when it is whole.

    What was at `path` stays until the new file is on the disk, and stays for good if
    the writing fails: then nothing else is left behind.

    Example:

    ```python
    import pathlib
    import tempfile
    from keras_pixda.whole_file import whole_file

    with tempfile.TemporaryDirectory() as folder:
        with whole_file(f"{folder}/note.txt") as unfinished:
            unfinished.write_text("done")
        assert pathlib.Path(folder, "note.txt").read_text() == "done"
    ```

    Args:
        path: The file to write; its folder is made if it does not exist.

    Raises:
        OSError: If the file cannot be written, such as for want of space; the message
            names it.
    """
    path = pathlib.Path(path)
    # The suffix stays at the end: savers choose the format by it.
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        _to_disk(unfinished)
        os.replace(unfinished, path)
        _to_disk(path.parent)
    except OSError as error:
        # Libraries wrap the reason in lines of their own.
        reason = error.strerror or str(error).splitlines()[0]
        raise OSError(
            f"{path}: cannot be written ({reason}). What was there before is kept. "
            "Look for space on the disk and for rights to write, then try again."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _to_disk(path):
    """Wait until a file or the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
