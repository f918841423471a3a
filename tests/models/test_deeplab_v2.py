"""The published segmenter: weights, sizes and answers."""

import pathlib

import keras
import numpy as np

from keras_pixda.models import deeplab_v2
from keras_pixda.models.pytorch_names import pytorch_variables, to_keras


def test_it_has_the_published_weights():
    model = deeplab_v2(num_classes=19, auxiliary_head=True)
    shapes = {w.path: tuple(w.shape) for w in model.weights}
    assert len([w for w in model.weights if len(w.shape) == 4]) == 104 + 8
    # Facts of the published checkpoint: ResNet-101 and two heads of four convolutions.
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == (
        42_394_816 + 4 * (1024 + 2048) * 9 * 19 + 8 * 19
    )
    assert shapes["conv1/kernel"] == (7, 7, 3, 64)
    assert shapes["layer4_0_downsample_conv/kernel"] == (1, 1, 1024, 2048)
    assert shapes["layer3_22_conv2/kernel"] == (3, 3, 256, 256)
    assert shapes["head_3/kernel"] == (3, 3, 2048, 19)
    assert shapes["auxiliary_head_3/kernel"] == (3, 3, 1024, 19)
    assert not any("bn" in v.path for v in model.trainable_variables)
    dilations = {
        layer.name: layer.dilation_rate[0]
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    assert [dilations[f"layer{i}_1_conv2"] for i in (1, 2, 3, 4)] == [1, 1, 2, 4]
    assert [dilations[f"head_{i}"] for i in range(4)] == [6, 12, 18, 24]


def test_output_stride_and_save(tmp_path):
    model = deeplab_v2(5, blocks=(1, 1, 1, 1), filters=4)
    # PyTorch's ceil mode keeps one more row: 64 -> 33 -> 17 -> 9 at stride 8.
    features = keras.Model(model.input, model.get_layer("layer4_0_relu").output)
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3))
    assert features(images).shape == (1, 9, 13, 128)
    assert model(images).shape == (1, 64, 96, 5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images), model(images))


def test_it_answers_as_the_same_network_in_pytorch():
    """One filter wide and six blocks deep, odd width; recorded with PyTorch 2.13."""
    path = pathlib.Path(__file__).parents[1] / "reference" / "deeplab_v2_reference.npz"
    with np.load(path) as data:
        recorded = dict(data)
    model = deeplab_v2(5, auxiliary_head=True, blocks=(2, 1, 1, 1), filters=1)
    for name, variable in pytorch_variables(model).items():
        variable.assign(to_keras(name, recorded.pop(f"w.{name}")))
    auxiliary, main = model(recorded.pop("images"), training=False)
    for logits, name in ((auxiliary, "auxiliary"), (main, "main")):
        expected = recorded.pop(name).transpose(0, 2, 3, 1)
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert not recorded  # Every weight of the checkpoint has its place.
