"""What a run leaves behind for others to use."""

import contextlib
import pathlib
import re
import warnings

import keras

from keras_pixda.runs.read_json import read_json


def saved_run(folder, model="segmenter.keras"):
    """Segmenter and class facts of a finished run.

    Example:

    ```python
    from keras_pixda.runs import saved_run

    def classes_of(folder):
        segmenter, facts = saved_run(folder)
        return facts["classes"]
    ```

    Args:
        folder: Folder that `train` wrote.
        model: File of the model in it. Defaults to `"segmenter.keras"`.

    Returns:
        The segmenter, that of a `PixDAModel` too, and the dict of `classes.json`.

    Raises:
        FileNotFoundError: If the folder holds no such model.
        ValueError: If the model cannot be read.
    """
    folder = pathlib.Path(folder)
    for name in (model, "classes.json"):
        if not (folder / name).exists():
            raise FileNotFoundError(
                f"{folder} holds no {name}: expected a folder that "
                "`keras-pixda train` has finished."
            )
    facts = _class_facts(folder / "classes.json")
    model = load_model(folder / model)
    return getattr(model, "segmenter", model), facts


def _class_facts(path):
    """The facts of `classes.json`, or what does not fit in it."""
    facts, lines = read_json(path)
    expected = {
        "classes": "a list of names",
        "palette": "a list of [red, green, blue], one a class",
        "ignore_class": "a whole number",
    }
    for name, form in expected.items():
        if name not in facts:
            raise ValueError(f"{path}: {name!r} is missing, expected {form}.")
        value = facts[name]
        fits = {
            "classes": lambda v: (
                isinstance(v, list) and v and all(isinstance(text, str) for text in v)
            ),
            "palette": lambda v: (
                isinstance(v, list)
                and len(v) == len(facts["classes"])
                and all(_is_colour(colour) for colour in v)
            ),
            "ignore_class": lambda v: type(v) is int,
        }[name](value)
        if not fits:
            raise ValueError(f"{path}, line {lines[name]}: {name!r} is not {form}.")
    return facts


def _is_colour(value):
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(type(part) is int and 0 <= part <= 255 for part in value)
    )


def load_model(path):
    """A saved model; a file that cannot be read is named.

    Only layers of Keras, of this package and of packages that the caller has imported
    are made, and no code that the file holds is run.
    """
    try:
        with _nothing_left_out():
            return keras.saving.load_model(path, safe_mode=True)
    # A damaged archive can make its readers raise nearly anything.
    except Exception as error:
        text = str(error) or type(error).__name__
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


@contextlib.contextmanager
def _nothing_left_out():
    """Makes an error of layers that a file has no weights for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*retain their freshly-initialized")
        yield


def load_weights(model, path):
    """Fill a model with the weights of a file; a file that cannot be read is named."""
    try:
        with _nothing_left_out():
            model.load_weights(path)
    except Exception as error:  # As above, of HDF5.
        line = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"{path}: cannot be read as weights of {model.name}: {line}"
        ) from error
