"""Packages whose public names are imported when they are asked for."""

import ast
import importlib
import sys
import types
import warnings


class LazyRoom(types.ModuleType):
    """A package that imports a public name's file at the first use of the name.

    Its `__init__.py` lists the names as others do, by imports, but below `if
    TYPE_CHECKING:`, which type checkers read and Python passes over, and ends with
    `LazyRoom.open(__name__)`.

    Example:

    ```python
    import keras_pixda
    from keras_pixda.lazy_room import LazyRoom

    # Its `__init__.py` ends with LazyRoom.open(__name__).
    assert isinstance(keras_pixda, LazyRoom)
    assert "PixDAModel" in dir(keras_pixda)
    ```
    """

    @classmethod
    def open(cls, package: str, moved: dict[str, str] | None = None) -> None:
        """Make the package of this name lazy, at the end of its `__init__.py`.

        Names that have `moved` to another package are still found here, with a warning;
        behind a colon the package may be followed by their new name.
        """
        module = sys.modules[package]
        tree = ast.parse(module.__spec__.loader.get_source(package))
        names = [
            (line.module, name.name)
            for block in tree.body
            if isinstance(block, ast.If)
            for line in block.body
            for name in line.names
        ]
        # Rooms of the package itself are there for `dir` and for type checkers.
        module._rooms = {name for file, name in names if file == package}
        module._files = {name: file for file, name in names if file != package}
        module._moved = moved or {}
        module.__class__ = cls

    def __getattr__(self, name):
        if name in self._files:
            value = getattr(importlib.import_module(self._files[name]), name)
            vars(self)[name] = value
            return value
        if name in self._moved:
            room, _, new = self._moved[name].partition(":")
            new = new or name
            warnings.warn(
                f"{name} has moved: from {room} import {new}.",
                DeprecationWarning,
                stacklevel=2,
            )
            return getattr(importlib.import_module(room), new)
        file = f"{self.__name__}.{name}"
        if not name.startswith("_"):
            try:
                return importlib.import_module(file)
            except ModuleNotFoundError as error:
                if error.name != file:
                    raise
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name, value):
        # Python binds a file that was imported to its name, which is the function's.
        if name not in self._files or not isinstance(value, types.ModuleType):
            super().__setattr__(name, value)

    def __dir__(self):
        return sorted({*vars(self), *self._files, *self._rooms})
