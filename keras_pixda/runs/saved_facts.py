"""What a finished run notes about its classes, read and checked."""

import os
import pathlib

from keras_pixda.runs.manifest import refuse_changed_files
from keras_pixda.runs.read_json import read_json

CLASSES = "classes.json"


def _is_list(value, fits):
    return isinstance(value, list) and all(map(fits, value))


def _is_whole(value):
    return type(value) is int  # `True` is no number.


def _is_name(value):
    return isinstance(value, str)


def _is_colour(value):
    fits = lambda part: _is_whole(part) and 0 <= part <= 255  # noqa: E731
    return _is_list(value, fits) and len(value) == 3


# What each value must be, in words and as a function of it and of all.
FORMS = {
    "classes": ("a list of names", lambda v, _: _is_list(v, _is_name) and len(v) > 0),
    "palette": (
        "a list of [red, green, blue], one a class",
        lambda v, facts: _is_list(v, _is_colour) and len(v) == len(facts["classes"]),
    ),
    "ignore_class": ("a whole number", lambda v, _: _is_whole(v)),
    "well": ("a list of names", lambda v, _: _is_list(v, _is_name)),
    "image_size": (
        "[height, width]",
        lambda v, _: _is_list(v, _is_whole) and len(v) == 2 and min(v) > 0,
    ),
}


def saved_facts(folder: str | os.PathLike, model: str = "segmenter.keras") -> dict:
    """The class facts of a finished run, without loading its model.

    Example:

    ```python
    import json
    import pathlib
    import tempfile

    from keras_pixda.runs import saved_facts

    facts = {"classes": ["road"], "palette": [[128, 64, 128]], "ignore_class": 255,
             "well": ["road"], "image_size": [32, 48]}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "segmenter.keras").touch()
        pathlib.Path(folder, "classes.json").write_text(json.dumps(facts))
        assert saved_facts(folder)["classes"] == ["road"]
    ```

    Args:
        folder: Folder that `train` wrote.
        model: File of the model that must be in it. Defaults to `"segmenter.keras"`.

    Returns:
        The dict of `classes.json`, see `class_facts`, with the `image_size` of the run.

    Raises:
        DataError: If one of the two files is not what the run wrote.
        FileNotFoundError: If the folder holds no such model.
        ValueError: If the facts do not fit.
    """
    folder = pathlib.Path(folder)
    for name in (model, CLASSES):
        if not (folder / name).exists():
            raise FileNotFoundError(
                f"{folder} holds no {name}: expected a folder that "
                "`keras-pixda train` has finished."
            )
    refuse_changed_files(folder, model, CLASSES)
    path = folder / CLASSES
    facts, lines = read_json(path)
    for name, (form, fits) in FORMS.items():
        if name not in facts:
            raise ValueError(f"{path}: {name!r} is missing, expected {form}.")
        if not fits(facts[name], facts):
            raise ValueError(f"{path}, line {lines[name]}: {name!r} is not {form}.")
    return facts
