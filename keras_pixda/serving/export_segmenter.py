"""Files that serve a segmenter without this package, and most without Keras."""

import os
import pathlib
import shutil
import tempfile
import warnings

import keras
import numpy as np

from keras_pixda.datasets.arguments import as_size
from keras_pixda.models.check_segmenter import check_segmenter
from keras_pixda.serving.converter_errors import converter_errors
from keras_pixda.serving.exported import load_exported, require
from keras_pixda.serving.float32_copy import float32_copy
from keras_pixda.serving.plain_keras import plain_keras
from keras_pixda.serving.serving_model import ServingModel
from keras_pixda.typing import FilePath, Size

# Suffix of each format; a SavedModel is a folder and has none.
FORMATS = {"savedmodel": "", "keras": ".keras", "onnx": ".onnx", "litert": ".tflite"}
OUTPUTS = ("logits", "classes")
# Two shapes that every usual network takes; Keras and the file are asked the same.
TRIAL_SHAPES = ((1, 64, 96), (2, 96, 64))


def export_segmenter(
    segmenter: keras.Model,
    path: FilePath,
    format: str,
    outputs: str = "logits",
    image_size: Size | None = None,
    verify: bool = True,
    overwrite: bool = False,
) -> float | None:
    """Write a segmenter as SavedModel, ONNX, LiteRT or plain Keras, and check it.

    The exported file takes `images`, RGB `(batch, height, width, 3)`, uint8, and gives
    `logits` or `classes` as large as the images. It is written under another name,
    loaded, compared with Keras on random images and only then put in place. Half
    precision is for training: a segmenter with such a dtype policy is rebuilt with the
    same weights in float32, and that is what is exported and compared. As `"keras"` the
    segmenter itself is written, made of Keras's own layers alone, see `plain_keras`.

    Example:

    ```python
    import tempfile
    import keras
    from keras_pixda.serving import export_segmenter

    images = keras.Input((None, None, 3))
    segmenter = keras.Model(images, keras.layers.Conv2D(5, 1)(images))
    with tempfile.TemporaryDirectory() as folder:
        difference = export_segmenter(segmenter, f"{folder}/model", "savedmodel")
    assert difference < 1e-4
    ```

    Args:
        segmenter: Keras model from RGB images `(batch, height, width, 3)`, 0..255, to
            logits `(batch, h, w, classes)`; smaller ones are resized to the image.
        path: What to write: a folder for a SavedModel, a file `*.onnx`, `*.tflite` or
            `*.keras`.
        format: `"savedmodel"`, `"keras"`, `"onnx"` or `"litert"`. The last two need the
            extra `export`. LiteRT files hold built-in operations only.
        outputs: `"logits"`, float32 `(batch, height, width, classes)`, or `"classes"`,
            uint8 `(batch, height, width)`; Keras files give logits. Defaults to
            `"logits"`.
        image_size: `(height, width)` that the file is fixed to; LiteRT then takes one
            image at a time, so that all its shapes are fixed. Defaults to `None`, the
            segmenter's own, which usually is any.
        verify: Whether to load the result and compare it. Defaults to `True`.
        overwrite: Whether to replace what is at `path`. Defaults to `False`.

    Returns:
        The largest difference to Keras's logits; for classes, by how much Keras's
        logit of the file's class falls short of the highest. `None` if not verified.

    Raises:
        FileExistsError: If there is something at `path`.
        ImportError: If a package that the format needs is missing.
        ValueError: If an argument does not fit, the segmenter cannot be converted, or
            the difference is above 1e-4 (or a hundred-thousandth of the largest logit);
            nothing is left at `path` then.
    """
    path = pathlib.Path(path)
    _check_arguments(path, format, outputs, image_size, overwrite)
    require(format, verify)
    check_segmenter(segmenter)
    serving = ServingModel(float32_copy(segmenter), outputs)
    size = segmenter.input_shape[1:3]
    if image_size is not None:
        size = as_size(image_size, "image_size")
    fixed = None not in size
    batch = 1 if fixed and format == "litert" else None
    serving.build((batch, *size, 3))
    trials = [(1, *size)] if fixed else TRIAL_SHAPES
    pairs = [_trial(serving, trial) for trial in trials]
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the last step is a rename.
    with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
        unfinished = pathlib.Path(folder, path.name)
        _write(serving, unfinished, format, (batch, *size, 3))
        difference = None
        if verify:
            difference = _difference(unfinished, format, outputs, pairs)
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(unfinished, path)
    return difference


def _check_arguments(path, format, outputs, image_size, overwrite):
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {[*FORMATS]}.")
    if outputs not in OUTPUTS:
        raise ValueError(f"outputs is {outputs!r}, expected one of {OUTPUTS}.")
    if format == "keras" and (outputs != "logits" or image_size is not None):
        raise ValueError(
            f"outputs is {outputs!r} and image_size {image_size}, but a Keras file "
            "gives logits and takes the sizes that the segmenter takes: leave both out."
        )
    if FORMATS[format] and path.suffix != FORMATS[format]:
        raise ValueError(f"{path}: expected a name that ends in {FORMATS[format]}.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists: choose another name, or overwrite it.")
    if path.is_dir() and not (path / "saved_model.pb").exists():
        raise FileExistsError(f"{path} is a folder and no SavedModel: it is kept.")


def _trial(serving, shape):
    """Random images and what Keras says of them."""
    images = np.random.default_rng(0).integers(0, 256, (*shape, 3), "uint8")
    try:
        return images, keras.ops.convert_to_numpy(serving.logits(images))
    except Exception as error:  # Whatever a network raises at a size it cannot take.
        raise ValueError(
            f"The segmenter {serving.segmenter.name!r} cannot take images of "
            f"{shape[1]}x{shape[2]} (height x width), give an image_size that it can: "
            f"{error}"
        ) from error


def _write(serving, path, format, shape):
    options, size = {}, shape[1:3]
    if format == "litert":
        import tensorflow as tf

        # What is not built in would need TensorFlow on the device.
        options["target_spec"] = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    if format == "keras":
        plain_keras(serving.segmenter).save(path)
        return
    with warnings.catch_warnings(), converter_errors(serving.segmenter, format, size):
        # The converters use what NumPy is about to drop; nothing of ours.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        serving.export(
            str(path),
            format="tf_saved_model" if format == "savedmodel" else format,
            verbose=False,
            input_signature=[
                keras.layers.InputSpec(shape=shape, dtype="uint8", name="images")
            ],
            **options,
        )


def _difference(path, format, outputs, pairs):
    """The largest difference of a file to Keras's logits; raises if it is too large."""
    wrong = f"{path.name} would be wrong and is not kept"
    try:
        exported = load_exported(path, format, outputs)
        answers = [exported(images) for images, _ in pairs]
    except Exception as error:  # Each format's runner has errors of its own.
        raise ValueError(f"{wrong}: it cannot be run: {error}") from error
    differences, largest = [], 0.0
    for answer, (_, logits) in zip(answers, pairs, strict=True):
        expected = logits.shape if outputs == "logits" else logits.shape[:-1]
        if answer.shape != expected:
            raise ValueError(f"{wrong}: it gives {answer.shape}, expected {expected}.")
        if outputs == "logits":
            difference = np.abs(answer - logits)
        else:
            chosen = np.take_along_axis(logits, answer[..., None].astype(int), axis=-1)
            difference = logits.max(axis=-1) - chosen[..., 0]
        differences.append(np.max(difference))
        largest = max(largest, np.max(np.abs(logits)))
    difference, allowed = float(np.max(differences)), max(1e-4, 1e-5 * largest)
    if not difference <= allowed:  # So that a NaN is refused too.
        raise ValueError(
            f"{wrong}: it differs from Keras by up to {difference:.2g}, expected at "
            f"most {allowed:.2g}."
        )
    return difference
