"""Models and weights from files that Keras has written."""

import contextlib
import importlib
import re
import sys
import warnings
import zipfile
from importlib.util import find_spec

import keras

from keras_pixda.typing import FilePath

HUB = "keras_hub"


def load_model(path: FilePath) -> keras.Model:
    """A saved model; a file that cannot be read is named.

    Only layers of Keras, of this package, of keras-hub where it is installed and of
    packages that the caller has imported are made, and no code that the file holds is
    run.
    """
    try:
        _compare_sums(path)
        with _nothing_left_out():
            return keras.saving.load_model(path, safe_mode=True)
    # A damaged archive can make its readers raise nearly anything.
    except Exception as error:
        text = str(error) or type(error).__name__
        if f"{HUB}>" in text and HUB not in sys.modules and find_spec(HUB):
            importlib.import_module(HUB)  # Registers its layers.
            return load_model(path)
        foreign = re.search(r"Could not locate class '([^']*)'", text)
        if foreign:
            raise ValueError(
                f"{path}: holds {foreign[1]!r}, which is no layer of Keras or "
                "keras_pixda. If you trust the file, import the package that registers "
                "it first."
            ) from error
        if "ambda" in text and "unsafe" in text:
            raise ValueError(
                f"{path}: holds code of its own, a Lambda layer, which is never run. "
                "Save the model anew with a layer of Keras in its place."
            ) from error
        line = text.splitlines()[0]
        raise ValueError(f"{path}: cannot be read as a Keras model: {line}") from error


def _compare_sums(path):
    """Raise if a file of an archive is damaged, which Keras 3.15.0 does not see."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {damaged!r}")


@contextlib.contextmanager
def _nothing_left_out():
    """Makes an error of layers that a file has no weights for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*retain their freshly-initialized")
        yield


def load_weights(model: keras.Model, path: FilePath) -> None:
    """Fill a model with the weights of a file; a file that cannot be read is named."""
    try:
        with _nothing_left_out():
            model.load_weights(path)
    except Exception as error:  # As above, of HDF5.
        line = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"{path}: cannot be read as weights of {model.name}: {line}"
        ) from error
