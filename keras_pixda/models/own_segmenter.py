"""A segmenter from a function of the user's own."""

import importlib
import inspect
import os
import re
import reprlib
import sys
import traceback

import keras

from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.models.segmenters import FAMILIES
from keras_pixda.plain_reason import plain_reason

# Files that are nobody's own: packages, and Python's way of importing.
_OTHERS = re.compile(r"[/\\](site-packages|importlib)[/\\]|^<frozen")


def own_segmenter(num_classes: int, place: str) -> keras.Model:
    """What a function of the number of classes gives back.

    Args:
        num_classes: Number of classes.
        place: `"package.module:function"`, which Python can import, or in the working
            directory.

    Raises:
        ValueError: If there is no such module or function, or it asks for more or
            fails; the message says in which line.
    """
    name, _, function = place.partition(":")
    if os.getcwd() not in sys.path:  # As `python -m` has it; behind all others.
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise _failed(place, error) from error  # Another module, which it needs.
        hint = did_you_mean(name, FAMILIES)
        raise ValueError(
            f"segmenter is {place!r}: there is no module {error.name!r}{hint}"
        ) from error
    except (Exception, SystemExit) as error:
        raise _failed(place, error) from error
    try:
        build = getattr(module, function)
    except AttributeError as error:
        hint = did_you_mean(function, vars(module))
        raise ValueError(
            f"segmenter is {place!r}: the module has no {function!r}{hint}"
        ) from error
    if not callable(build):
        raise ValueError(
            f"segmenter is {place!r}: expected a function, received "
            f"{reprlib.repr(build)}."
        )
    try:
        inspect.signature(build).bind(num_classes)
    except TypeError as error:
        raise ValueError(
            f"segmenter is {place!r}: expected a function that is called with the "
            f"number of classes alone, received one with {error}"
        ) from error
    try:
        return build(num_classes)
    except (Exception, SystemExit) as error:
        raise _failed(place, error) from error


def _failed(place, error):
    """An error that says where code of the user's own has failed."""
    if isinstance(error, SyntaxError):
        file, line = error.filename, error.lineno
    else:
        first, *frames = traceback.extract_tb(error.__traceback__)
        # What it calls in packages is not to be searched for the mistake.
        own = [frame for frame in frames if not _OTHERS.search(frame.filename)]
        last = (own or frames or [first])[-1]
        file, line = last.filename, last.lineno
    return ValueError(
        f"segmenter is {place!r}: {file}, line {line}: {type(error).__name__}: "
        f"{plain_reason(error)}."
    )
