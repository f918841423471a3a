"""Keras knows the classes of this package as soon as it is there itself.

A saved model names its classes, and Keras finds those that were imported. So `import
keras_pixda` is enough to load one, whether Keras was imported before it or comes after.
"""

import importlib
import importlib.abc
import sys

# Those with classes that Keras saves.
ROOMS = ("layers", "losses", "metrics", "models", "optimizers", "training", "methods")
FRAMEWORKS = ("keras", "tensorflow")


def register_with_keras() -> None:
    """Import the rooms if Keras is there, or else with whatever imports it."""
    if any(name in sys.modules for name in FRAMEWORKS):
        _import_rooms()
    else:
        sys.meta_path.insert(0, _Finder())


def _import_rooms():
    for room in ROOMS:
        module = importlib.import_module(f"keras_pixda.{room}")
        for name in module.__all__:
            getattr(module, name)


class _Finder(importlib.abc.MetaPathFinder):
    """Imports the rooms at the end of the outermost import that brings Keras.

    Earlier, a room of this package, Keras or TensorFlow might be half there.
    """

    def __init__(self):
        self.depth = 0

    def find_spec(self, name, path=None, target=None):
        if name not in FRAMEWORKS and not name.startswith("keras_pixda."):
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self)
                return spec
        return None


class _Loader(importlib.abc.Loader):
    """A loader that counts how deep the finder's imports are nested."""

    def __init__(self, loader, finder):
        self.loader = loader
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.loader
        finder = self.finder
        finder.depth += 1
        try:
            self.loader.exec_module(module)
        finally:
            finder.depth -= 1
        if finder.depth == 0 and "keras" in sys.modules and finder in sys.meta_path:
            sys.meta_path.remove(finder)
            _import_rooms()
