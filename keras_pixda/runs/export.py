"""Export the segmenter of a finished run."""

import json
import os
import pathlib

from keras_pixda.runs.manifest import file_sum
from keras_pixda.runs.saved_facts import saved_facts


def export(
    folder: str | os.PathLike,
    output: str | os.PathLike,
    format: str,
    outputs: str = "logits",
    image_size: tuple[int, int] | None = None,
    model: str = "segmenter.keras",
    overwrite: bool = False,
) -> float:
    """Write a run's segmenter for serving, and beside it what its classes are.

    Example:

    ```python
    import json
    import pathlib
    import tempfile
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import export

    facts = {"classes": ["road", "car"], "palette": [[128, 64, 128], [0, 0, 142]],
             "ignore_class": 255, "well": ["road"], "image_size": [32, 48]}
    with tempfile.TemporaryDirectory() as root:  # What a run leaves behind.
        small_segmenter(2, filters=4).save(f"{root}/segmenter.keras")
        pathlib.Path(root, "classes.json").write_text(json.dumps(facts))
        assert export(root, f"{root}/served.keras", "keras") < 1e-4
        served = json.loads(pathlib.Path(root, "served.json").read_text())
    assert served["classes"] == ["road", "car"]
    ```

    Args:
        folder: Folder that `train` wrote.
        output: What to write, see `export_segmenter`. The file of the same name with
            the suffix `.json` holds the names and colours of the classes, the image
            size of the run, which is the one to serve images at, and the SHA-256 of
            what was written, which `verify` checks.
        format: `"savedmodel"`, `"keras"`, `"onnx"` or `"litert"`.
        outputs: `"logits"` or `"classes"`. Defaults to `"logits"`.
        image_size: `(height, width)` to fix the file to. Defaults to `None`, any.
        model: File in the run's folder. Defaults to `"segmenter.keras"`.
        overwrite: Whether to replace an earlier export. Defaults to `False`.

    Returns:
        The largest difference to Keras, see `export_segmenter`.

    Raises:
        FileExistsError: If there is something at `output` or the file beside it.
        FileNotFoundError: If the folder holds no run.
        ValueError: If the segmenter cannot be converted, or the file does not equal
            Keras; it is not kept then.
    """
    facts = saved_facts(folder, model)
    beside = pathlib.Path(output).with_suffix(".json")
    if beside.exists() and not overwrite:
        raise FileExistsError(f"{beside} exists: choose another name, or overwrite it.")
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.runs.saved_run import saved_run
    from keras_pixda.serving import export_segmenter

    segmenter, _ = saved_run(folder, model)
    difference = export_segmenter(
        segmenter, output, format, outputs, image_size, overwrite=overwrite
    )
    kept = ("classes", "palette", "ignore_class", "image_size")
    served = {name: facts[name] for name in kept}
    served["sha256"] = _sums(pathlib.Path(output))
    beside.write_text(json.dumps(served, indent=2) + "\n", "utf-8")
    return difference


def _sums(output):
    """The SHA-256 of each file of an export, by its name beside the description."""
    files = [output]
    if output.is_dir():
        files = sorted(path for path in output.rglob("*") if path.is_file())
    return {
        path.relative_to(output.parent).as_posix(): file_sum(path) for path in files
    }
