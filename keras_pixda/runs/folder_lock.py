"""One process at a time in a folder."""

import os
import pathlib
import weakref

from keras_pixda.typing import FilePath

try:
    import fcntl
except ImportError:  # Windows has no such lock.
    fcntl = None

LOCK = ".lock"


class FolderLock:
    """Keep other processes out of a folder until it is released.

    The system holds the lock for the process, so that a dead one holds none: nothing
    has to be deleted by hand after a crash. On Windows, which has no such lock, none is
    held.

    Example:

    ```python
    import tempfile
    from keras_pixda.runs import FolderLock

    with tempfile.TemporaryDirectory() as folder:
        lock = FolderLock(folder)
        try:
            FolderLock(folder)
        except BlockingIOError as error:
            message = str(error)
        lock.release()
    assert "is in use by another run" in message
    ```

    Args:
        folder: An existing folder; a file `.lock` in it stays there.

    Raises:
        BlockingIOError: If the lock is held, by this process or another one.
    """

    def __init__(self, folder: FilePath):
        path = pathlib.Path(folder, LOCK)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        # Closing gives the lock back; so does the end of the process, however it comes.
        self._closing = weakref.finalize(self, os.close, descriptor)
        if fcntl is None:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = path.read_text("utf-8").strip() or "unknown"
            self.release()
            raise BlockingIOError(
                f"{folder} is in use by another run (process {holder}): let it end or "
                "choose another folder."
            ) from error
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others in."""
        self._closing()
