import sys
import types

import keras
import numpy as np
import pytest

from keras_pixda.models import (
    SEGMENTERS,
    NamedSegmenter,
    deeplab_v2,
    small_segmenter,
)
from keras_pixda.runs import starting_segmenter, train
from keras_pixda.weights import save_pytorch


def test_a_published_checkpoint_is_a_start(change, tmp_path):
    published = deeplab_v2(19, blocks=(1, 1, 2, 1), filters=2)
    path = str(tmp_path / "published.pth")
    save_pytorch(published, path)
    found = starting_segmenter(change(weights=path), 19)
    assert found.name == "deeplab_v2"
    for value, wanted in zip(found.weights, published.weights, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_pretrained_weights_are_the_default_where_they_need_no_download(
    change, monkeypatch, tmp_path
):
    asked = []

    def build(self, num_classes, pretrained):
        asked.append((self.title, pretrained))
        return small_segmenter(num_classes, filters=2)

    monkeypatch.setattr(NamedSegmenter, "build", build)
    small_segmenter(19, filters=2).save_weights(tmp_path / "a.weights.h5")
    for changes in (
        {"segmenter": "small"},
        {"segmenter": "efficientnet_lite0"},
        {"segmenter": "efficientnet_lite0", "pretrained": False},
        {"segmenter": "efficientnet_lite0", "weights": str(tmp_path / "a.weights.h5")},
        {"segmenter": "deeplab_v2"},
        {"segmenter": "deeplab_v2", "pretrained": True},
    ):
        starting_segmenter(change(**changes), 19)
    assert asked == [
        ("Small", False),
        ("EfficientNet-Lite0", True),
        ("EfficientNet-Lite0", False),
        ("EfficientNet-Lite0", False),
        ("DeepLabV2", False),
        ("DeepLabV2", True),
    ]


# === What is no segmenter for the data, however it is spelled ===


def network(classes=19, activation=None, size=(None, None), first=False):
    images = keras.Input((3, *size) if first else (*size, 3))
    x = keras.layers.Permute((2, 3, 1))(images) if first else images
    head = keras.layers.Conv2D(classes, 1, activation=activation, name="head")
    return keras.Model(images, head(x), name="mine")


def channels_first_logits():
    model = network()
    return keras.Model(model.inputs, keras.layers.Permute((3, 1, 2))(model.output))


def frozen():
    model = network()
    model.trainable = False
    return model


BAD = {
    "softmax": (lambda: network(activation="softmax"), "ends in the softmax of 'head'"),
    "sigmoid": (lambda: network(activation="sigmoid"), "ends in the sigmoid of 'head'"),
    "one class": (lambda: network(1), "one logit a pixel, expected one a class"),
    "other classes": (lambda: network(5), "5.*expected 19|expected 19 .* of 5"),
    "fixed size": (
        lambda: network(size=(64, 80)),
        "height 64 and width 80 alone.*height 32 and width 48: --image-size 64 80, or",
    ),
    "fixed height": (lambda: network(size=(64, None)), "--image-size 64 48, or"),
    "images": (lambda: network(first=True), "its channels first, expected RGB"),
    "logits": (channels_first_logits, r"Permute\(\(2, 3, 1\)\)"),
    "frozen": (frozen, "'mine' has no weights that are trained: set trainable = True"),
    "no model": (lambda: "a network", "must be a keras.Model, received 'a network'"),
}


def as_file(make, change, patch):
    make().save("mine.keras")
    return change(segmenter="mine.keras")


def as_weights(make, change, patch):
    make().save("mine.keras")
    return change(weights="mine.keras")


def as_function(make, change, patch):
    module = types.ModuleType("module_of_mine")
    module.build = lambda num_classes: make()
    patch.setitem(sys.modules, "module_of_mine", module)
    return change(segmenter="module_of_mine:build")


def as_name(make, change, patch):
    named = NamedSegmenter("Mine", "for tests", lambda num_classes: make())
    patch.setitem(SEGMENTERS, "mine", named)
    return change(segmenter="mine")


@pytest.mark.parametrize("spelled", [as_file, as_weights, as_function, as_name])
@pytest.mark.parametrize("kind", BAD)
def test_what_does_not_fit_is_one_clear_line(
    kind, spelled, change, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    make, message = BAD[kind]
    if kind == "no model" and spelled in (as_file, as_weights):
        pytest.skip("no such file can be saved")
    with pytest.raises(ValueError, match=message) as caught:
        starting_segmenter(spelled(make, change, monkeypatch), 19)
    assert "\n" not in str(caught.value)


def test_it_is_said_before_anything_is_written(change, tmp_path):
    network(size=(64, 80)).save(tmp_path / "mine.keras")
    settings = change(segmenter=str(tmp_path / "mine.keras"))
    with pytest.raises(ValueError, match="--image-size 64 80"):
        train(settings, tmp_path / "run", verbose=False)
    assert not (tmp_path / "run").exists()
    # At its own size it is taken, by a method too.
    starting_segmenter(settings.change(image_size=(64, 80)), 19)


def test_a_checkpoint_of_other_classes_is_named(change, tmp_path):
    save_pytorch(deeplab_v2(5, blocks=(1, 1, 1, 1), filters=2), tmp_path / "a.pth")
    with pytest.raises(
        ValueError, match="a.pth: holds a segmenter of 5 classes, expec"
    ):
        starting_segmenter(change(weights=str(tmp_path / "a.pth")), 19)
