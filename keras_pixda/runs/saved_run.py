"""What a run leaves behind for others to use."""

import pathlib

from keras_pixda.models.load_model import load_model
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
