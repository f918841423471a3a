"""Models and weights from files that Keras has written."""

import contextlib
import importlib
import pathlib
import re
import sys
import warnings
import zipfile
from importlib.util import find_spec

import keras

from keras_pixda.typing import FilePath

HUB = "keras_hub"
HDF5 = b"\x89HDF\r\n\x1a\n"


def load_model(path: FilePath) -> keras.Model:
    """A saved model; a file that cannot be read is named.

    Only layers of Keras, of this package, of keras-hub where it is installed and of
    packages that the caller has imported are made, and no code that the file holds is
    run.
    """
    try:
        _check_archive(path)
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


def _check_archive(path):
    """Raise if a file is no archive, which Keras calls missing, or a damaged one.

    Keras 3.15.0 does not compare the sums of the files in it.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        raise ValueError("it is a folder, expected a file.")
    if not path.exists():
        return  # Keras may know the place, or says that there is none.
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            start = file.read(len(HDF5))
        found = "an HDF5 file" if start == HDF5 else "no archive, or a part of one"
        raise ValueError(
            f"it is {found}, expected what model.save('NAME.keras') writes."
        )
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
