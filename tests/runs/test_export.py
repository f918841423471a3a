"""The segmenter of a run as a file, with what its classes are beside it."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.cli import main
from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_PALETTE,
)
from keras_pixda.runs import export


def test_the_command_writes_the_file_and_the_classes(colour_run, tmp_path, capsys):
    path = tmp_path / "served" / "segmenter"
    words = ["export", str(colour_run), "--output", str(path), "--format", "savedmodel"]
    assert main([*words, "--outputs", "classes"]) == 0
    assert "differs from Keras by at most 0.0e+00" in capsys.readouterr().out
    facts = json.loads(path.with_suffix(".json").read_text())
    assert "segmenter/saved_model.pb" in facts.pop("sha256")
    assert facts == {
        "classes": [*CITYSCAPES_CLASSES],
        "palette": [[*colour] for colour in CITYSCAPES_PALETTE],
        "ignore_class": 255,
        "image_size": [32, 48],
    }
    images = np.random.default_rng(0).integers(0, 256, (2, 20, 30, 3), "uint8")
    segmenter = keras.saving.load_model(colour_run / "segmenter.keras")
    expected = np.array(segmenter(images)).argmax(axis=-1)
    served = tf.saved_model.load(str(path))
    np.testing.assert_array_equal(served.serve(images)["classes"], expected)

    assert main(words) == 2
    assert "exists: choose another name" in capsys.readouterr().err
    assert main([*words, "--overwrite", "--image-size", "32", "48"]) == 0
    served = tf.saved_model.load(str(path))
    inputs = served.signatures["serving_default"].structured_input_signature[1]
    assert inputs["images"].shape.as_list() == [None, 32, 48, 3]


def test_what_lies_beside_is_kept_too(colour_run, tmp_path):
    (tmp_path / "segmenter.json").write_text("mine")
    with pytest.raises(FileExistsError, match=r"segmenter\.json exists"):
        export(colour_run, tmp_path / "segmenter.onnx", "onnx")
    assert (tmp_path / "segmenter.json").read_text() == "mine"
    assert not (tmp_path / "segmenter.onnx").exists()


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no segmenter\.keras"):
        export(tmp_path, tmp_path / "out", "savedmodel")
