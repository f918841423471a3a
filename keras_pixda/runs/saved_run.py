"""What a run leaves behind for others to use."""

import json
import pathlib

import keras


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
    facts = json.loads((folder / "classes.json").read_text("utf-8"))
    model = load_model(folder / model)
    return getattr(model, "segmenter", model), facts


def load_model(path):
    """A saved model; a file that cannot be read is named."""
    try:
        return keras.saving.load_model(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: cannot be read as a Keras model: {error}") from error
