"""Presets of keras-hub, saved from plain constructors."""

import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.models import find_segmenter, hub_segmenter
from keras_pixda.models.load_model import load_model
from keras_pixda.training import SupervisedModel
from tests.models import hub_toys

keras_hub = pytest.importorskip("keras_hub")

# A keras-hub task compiles itself when built; Keras, loading one, warns of that.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:`compile\(\)` was not called as part of model loading:UserWarning"
)

# In another process, which has not heard of keras-hub.
LOADED = """
import sys
from keras_pixda.models.load_model import load_model
assert "keras_hub" not in sys.modules
assert load_model("a.keras").name == "deeplabv3_segmenter"
"""


def resnet():
    return keras_hub.models.ResNetBackbone(
        [64], [7], [64, 8, 8, 8], [1, 1, 1, 1], [1, 2, 2, 2], "basic_block"
    )


@pytest.fixture
def preset(tmp_path):
    """A backbone with what it expects of its images."""
    backbone = resnet()
    path = str(tmp_path / "preset")
    backbone.save_to_preset(path)
    keras_hub.layers.ResNetImageConverter(
        scale=[0.1, 0.2, 0.3], offset=[1.0, 2.0, 3.0]
    ).save_to_preset(path)
    return path, backbone


def test_a_backbone_gets_the_pyramid_head(preset, tmp_path):
    path, backbone = preset
    named = find_segmenter(f"hub:{path}")
    assert not named.is_pretrained()
    segmenter = named.build(5, pretrained=True, width=4)
    images = np.random.default_rng(0).integers(0, 256, (1, 45, 67, 3), "uint8")
    logits = segmenter(images, training=False)
    assert logits.shape == (1, 45, 67, 5)
    # The weights of the preset, on images as it wants them.
    scaled = images * np.array([0.1, 0.2, 0.3]) + np.array([1.0, 2.0, 3.0])
    inside = segmenter.get_layer(backbone.name)
    expected = backbone(scaled, training=False)
    deepest = keras.Model(segmenter.input, segmenter.get_layer("head_lateral32").input)
    np.testing.assert_allclose(deepest(images, training=False), expected, rtol=1e-3)
    assert len(inside.weights) == len(backbone.weights)
    heads = {v.path for v in segmenter.variables if re.fullmatch(".*head.*", v.path)}
    assert len(heads) == len(segmenter.variables) - len(backbone.variables)
    segmenter.save(tmp_path / "a.keras")
    again = load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(again(images, training=False), logits)
    anew = named.build(5, width=4)
    assert not np.allclose(anew(images, training=False), logits)


def test_a_segmenter_keeps_its_decoder(tmp_path):
    backbone = keras_hub.models.DeepLabV3Backbone(
        resnet(),
        spatial_pyramid_pooling_key="P5",
        low_level_feature_key="P2",
        upsampling_size=8,
        dilation_rates=[2],
        projection_filters=8,
    )
    backbone.save_to_preset(tmp_path)
    segmenter = find_segmenter(f"hub:{tmp_path}").build(5)
    assert segmenter(np.zeros((1, 64, 96, 3))).shape == (1, 64, 96, 5)
    segmenter.save(tmp_path / "a.keras")
    subprocess.run([sys.executable, "-c", LOADED], cwd=tmp_path, check=True)
    with pytest.raises(ValueError, match="does not say how its images are normalised"):
        hub_segmenter(5, str(tmp_path), pretrained=True)


def mit(folder):
    hub_toys.mit().save_to_preset(folder)


def segformer(folder):
    hub_toys.segformer().save_to_preset(folder)


def dinov2(folder):
    hub_toys.dinov2(folder, 28, 42)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
@pytest.mark.parametrize("write", [mit, segformer, dinov2])
def test_what_keras_hub_has_for_squares_takes_any_size(write, tmp_path):
    write(tmp_path / "preset")
    segmenter = find_segmenter(f"hub:{tmp_path / 'preset'}").build(5)
    assert segmenter.output_shape == (None, None, None, 5)
    random = np.random.default_rng(0)
    for size in ((32, 48), (70, 45)):
        images = random.integers(0, 256, (2, *size, 3), "uint8")
        assert segmenter(images, training=False).shape == (2, *size, 5)
    before = [np.array(v) for v in segmenter.trainable_variables]
    model = SupervisedModel(segmenter)
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    labels = random.integers(0, 5, (2, *size), "uint8")
    model.train_on_batch(images, labels)
    for value, start in zip(segmenter.trainable_variables, before, strict=True):
        assert np.all(np.isfinite(value)), value.path
        # A token that no image has asked for is never seen.
        assert not np.array_equal(value, start) or not value.shape[1], value.path
    logits = segmenter(images, training=False)
    segmenter.save(tmp_path / "a.keras")
    again = load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(again(images, training=False), logits)
    # In a graph whose sizes are known only when it runs, as an exported one.
    run = tf.function(lambda x: again(x, training=False), autograph=False)
    run.get_concrete_function(tf.TensorSpec((None, None, None, 3)))


def test_a_fixed_size_is_refused(tmp_path):
    backbone = keras_hub.models.ViTBackbone(
        image_shape=(32, 32, 3),
        patch_size=16,
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        mlp_dim=4,
    )
    backbone.save_to_preset(tmp_path)
    with pytest.raises(
        ValueError,
        match="takes images of 32 x 32 pixels alone.*MiT, SegFormer, DINOv2",
    ):
        hub_segmenter(5, str(tmp_path))


def test_an_unknown_preset_lists_the_near_ones():
    with pytest.raises(ValueError, match="'nowhere' is neither one .* has written.$"):
        hub_segmenter(5, "nowhere")
    with pytest.raises(ValueError, match="mean 'mit_b0_ade20k_512' or 'mit_b0_city"):
        hub_segmenter(5, "mit_b0")


def test_a_folder_that_is_no_preset_says_why(tmp_path):
    with pytest.raises(ValueError, match="cannot be had: .*config.json"):
        hub_segmenter(5, str(tmp_path))


def test_a_preset_that_cannot_be_had_says_how_to_bring_it(monkeypatch):
    def fails(preset, **_):
        raise OSError("no such host")

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", fails)
    message = (
        r"\(kaggle://keras/mit/keras/mit_b0_ade20k_512/\d+, about 13 MB\) cannot "
        r"be had: no such host\. .*save_to_preset\('FOLDER'\); then .* hub:FOLDER here"
    )
    with pytest.raises(ValueError, match=message):
        hub_segmenter(5, "mit_b0_ade20k_512")


def test_without_keras_hub_its_installation_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ImportError, match=r"hub:nowhere.*pip install keras-hub\.$"):
        hub_segmenter(5, "nowhere")


def test_a_library_for_another_tensorflow_is_named(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "keras_hub")
    monkeypatch.syspath_prepend(tmp_path)
    error = "tf.errors.NotFoundError(None, None, 'undefined symbol')"
    tmp_path.joinpath("keras_hub.py").write_text(
        f"import tensorflow as tf\nraise {error}"
    )
    with pytest.raises(ImportError, match=r"'tensorflow-text==2\.\d+\.\*'.*undefined"):
        hub_segmenter(5, "nowhere")
