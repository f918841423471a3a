"""A segmenter from a function of the user's own."""

import importlib
import inspect
import os
import sys

import keras

from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.models.segmenters import FAMILIES


def own_segmenter(num_classes: int, place: str) -> keras.Model:
    """What a function of the number of classes gives back.

    Args:
        num_classes: Number of classes.
        place: `"package.module:function"`, which Python can import, or in the working
            directory.

    Raises:
        ValueError: If there is no such module or function, or it asks for more.
    """
    name, _, function = place.partition(":")
    if os.getcwd() not in sys.path:  # As `python -m` has it; behind all others.
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise  # Another module, which theirs needs.
        hint = did_you_mean(name, FAMILIES)
        raise ValueError(
            f"segmenter is {place!r}: there is no module {error.name!r}{hint}"
        ) from error
    try:
        build = getattr(module, function)
    except AttributeError as error:
        hint = did_you_mean(function, vars(module))
        raise ValueError(
            f"segmenter is {place!r}: the module has no {function!r}{hint}"
        ) from error
    try:
        inspect.signature(build).bind(num_classes)
    except TypeError as error:
        raise ValueError(
            f"segmenter is {place!r}: expected a function that is called with the "
            f"number of classes alone, received one with {error}"
        ) from error
    return build(num_classes)
