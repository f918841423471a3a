"""What a run leaves behind for others to use."""

import contextlib
import pathlib
import re
import warnings

import keras

from keras_pixda.runs.saved_facts import saved_facts
from keras_pixda.typing import FilePath


def saved_run(folder: FilePath, model: str = "segmenter.keras") -> tuple:
    """Segmenter and class facts of a finished run.

    Example:

    ```python
    import json
    import pathlib
    import tempfile
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import saved_run

    facts = {"classes": ["road", "car"], "palette": [[128, 64, 128], [0, 0, 142]],
             "ignore_class": 255, "well": ["road"], "image_size": [32, 48]}
    with tempfile.TemporaryDirectory() as root:  # What a run leaves behind.
        small_segmenter(2, filters=4).save(f"{root}/segmenter.keras")
        pathlib.Path(root, "classes.json").write_text(json.dumps(facts))
        segmenter, facts = saved_run(root)
    assert segmenter.output_shape[-1] == len(facts["classes"]) == 2
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
    facts = saved_facts(folder, model)
    model = load_model(pathlib.Path(folder) / model)
    return getattr(model, "segmenter", model), facts


def load_model(path: FilePath) -> keras.Model:
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
