"""The folder that a run writes into."""

import copy
import dataclasses
import json
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

from keras_pixda.finite import first_not_finite
from keras_pixda.nan_for_null import nan_for_null
from keras_pixda.runs.folder_lock import LOCK, FolderLock
from keras_pixda.runs.manifest import (
    MANIFEST,
    refuse_changed_files,
    write_manifest,
)
from keras_pixda.runs.settings import Settings
from keras_pixda.strict_json import strict_json
from keras_pixda.typing import FilePath
from keras_pixda.whole_file import UNFINISHED, whole_file

CONFIG = "config.json"


class RunFolder:
    """The folder of one run: never two runs in one, every file whole or absent.

    As long as it is open no other process can open it. Workers that it is sent to share
    it with the one who opened it.

    Example:

    ```python
    import tempfile
    from keras_pixda.runs import RunFolder, Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder(f"{root}/run", settings)
        folder.write("note.txt", "done")
        assert folder.has("note.txt")
        folder.close()
    ```

    Args:
        path: The folder; it is made if it does not exist.
        settings: The `Settings` of the run, written as `config.json`.
        resume: Whether to go on with the run that the folder holds. Defaults to
            `False`.
        overwrite: Whether to delete the run that the folder holds. Defaults to `False`.
        prolong: Function of the folder, the earlier settings and the new ones that
            readies the folder for them and says so. Defaults to `None`, a run is only
            resumed with the same ones.

    Attributes:
        note: What `prolong` said; empty if the settings are the same.

    Raises:
        FileExistsError: If the folder holds a run, or other files, and neither is
            allowed.
        BlockingIOError: If another run is at work in the folder.
        DataError: If files of a run that is to be resumed are not what it wrote.
        ValueError: If a run is to be resumed with other settings.
    """

    def __init__(
        self,
        path: FilePath,
        settings: Settings,
        resume: bool = False,
        overwrite: bool = False,
        prolong: Callable | None = None,
    ):
        self.path = pathlib.Path(path)
        self.settings = settings
        self.note = ""
        if self.path.exists() and not self.path.is_dir():
            raise FileExistsError(f"{self.path} is a file, expected a folder.")
        # A lock is the mark of a run's folder: no other may get one.
        if not self.has(CONFIG) and not self.has(LOCK) and self._files():
            raise FileExistsError(
                f"{self.path} holds other files and no run: choose an empty folder."
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(self.path)
        try:
            self._open(resume, overwrite, prolong)
        except BaseException:
            self.close()
            raise

    def _open(self, resume, overwrite, prolong):
        if self.has(CONFIG) and resume:
            refuse_changed_files(self.path)
            earlier = type(self.settings).from_file(self.path / CONFIG)
            if earlier != self.settings and prolong:
                self.note = prolong(self, earlier, self.settings)
            elif earlier != self.settings:
                _refuse_other(self.path, earlier, self.settings)
            for left in self.path.rglob(f"{UNFINISHED}*"):
                left.unlink()
            (self.path / MANIFEST).unlink(missing_ok=True)  # Files may change now.
        elif self._files() and overwrite:
            # First what makes it a run: one that is half deleted is never resumed.
            (self.path / CONFIG).unlink(missing_ok=True)
            for file in self._files():
                if file.is_dir() and not file.is_symlink():
                    shutil.rmtree(file)
                else:
                    file.unlink()
        elif self.has(CONFIG):
            raise FileExistsError(
                f"{self.path} already holds a run: go on with it (--resume), "
                "replace it (--overwrite) or choose another folder."
            )
        elif self._files():
            raise FileExistsError(
                f"{self.path} holds what is left of a run that was being replaced: "
                "delete the rest (--overwrite) or choose another folder."
            )
        self.write(CONFIG, self.settings.to_json())

    def _files(self):
        if not self.path.exists():
            return []
        return [file for file in self.path.iterdir() if file.name != LOCK]

    def seal(self) -> None:
        """Note what every file is: the run has ended, and none changes any more."""
        write_manifest(self.path)

    def close(self) -> None:
        """Let others open the folder; the end of the process does so too."""
        self._lock.release()

    def __getstate__(self):
        # A worker writes under the lock of the one that started it.
        return {"path": self.path, "settings": self.settings}

    def within(self, name: str) -> "RunFolder":
        """A folder in it, which is written to in the same way and under its lock."""
        inner = copy.copy(self)
        inner.path = self / name
        return inner

    def __truediv__(self, name):
        path = self.path / name
        # Also through links; the last one would be replaced, not followed.
        if not (path.parent.resolve() / path.name).is_relative_to(self.path.resolve()):
            raise ValueError(f"{name!r} is outside the folder {self.path} of the run.")
        if path.name == "..":
            raise ValueError(f"{name!r} is not the name of a file.")
        return path

    def has(self, name: str) -> bool:
        """Whether a file of the run is there; it is whole then."""
        return (self.path / name).exists()

    def write(self, name: str, content: Any) -> pathlib.Path:
        """Write text, JSON values, a picture or a Keras model, whole or not at all.

        A model whose weights are not all finite is refused with a `ValueError`.
        """
        path = self / name
        broken = first_not_finite(getattr(content, "weights", ()))
        if broken:
            raise ValueError(f"{path} is not written: {broken} is no longer finite.")
        with whole_file(path) as unfinished:
            if isinstance(content, str):
                unfinished.write_text(content, "utf-8")
            elif isinstance(content, dict | list):
                unfinished.write_text(strict_json(content, indent=2) + "\n", "utf-8")
            else:
                content.save(unfinished)
        return path

    def read_json(self, name: str) -> Any:
        """Read back what `write` wrote as JSON, NaN included."""
        path = self / name
        try:
            # Files of earlier versions hold a bare NaN, which is read as well.
            return nan_for_null(json.loads(path.read_text("utf-8")))
        except ValueError as error:
            raise ValueError(
                f"{path}: is damaged ({error}). Restore it or begin anew (--overwrite)."
            ) from error


def expect_same_data(path: FilePath, settings: Settings) -> None:
    """Raise a `ValueError` if a run in a folder names other data than the settings."""
    config = pathlib.Path(path, CONFIG)
    if config.exists():
        earlier = type(settings).from_file(config)
        same = dataclasses.replace(earlier, data=settings.data)
        if same != earlier:
            _refuse_other(path, earlier, same)


def _refuse_other(path, earlier, settings):
    now = settings.by_name()
    different = [
        f"{name} was {before!r}, is {now[name]!r}"
        for name, before in earlier.by_name().items()
        if before != now[name]
    ]
    raise ValueError(
        f"{path} holds a run with other settings ({'; '.join(different)}): "
        "resume it with the same ones."
    )
