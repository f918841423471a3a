"""The discriminators and segmenters: sizes, weights, save and load."""

import pathlib

import keras
import numpy as np
import pytest

from keras_pixda.models import (
    deeplab_v2,
    image_discriminator,
    pixel_discriminator,
    small_segmenter,
)
from keras_pixda.models.pair_discriminator import pair_discriminator
from keras_pixda.models.pytorch_names import pytorch_variables, to_keras


def test_pixel_discriminator_is_the_published_one(reference):
    model = pixel_discriminator(5)
    assert [w.shape for w in model.weights] == [
        (3, 3, 5, 64),
        (64,),
        (3, 3, 64, 128),
        (128,),
        (1, 1, 128, 1),
        (1,),
    ]
    weights = []
    for layer in ("conv1", "conv2", "classifier"):
        prefix = f"pixel_discriminator.{layer}"
        weights.append(np.transpose(reference[f"{prefix}.weight"], (2, 3, 1, 0)))
        weights.append(reference[f"{prefix}.bias"])
    model.set_weights(weights)
    probabilities = keras.ops.softmax(reference["logits_nchw"])
    np.testing.assert_allclose(
        model(probabilities),
        reference["discriminator_logits_nchw"],
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("size", "expected"), [((64, 96), (2, 3)), ((66, 75), (2, 2)), ((32, 32), (1, 1))]
)
def test_image_discriminator_halves_as_padding_one_does(size, expected):
    model = image_discriminator(3, filters=2)
    assert model(np.zeros((1, *size, 3))).shape == (1, *expected, 1)
    assert [w.shape[-1] for w in image_discriminator(3).weights[::2]] == [
        64,
        128,
        256,
        512,
        1,
    ]


def test_pair_discriminator_takes_two_maps_and_answers_within_one():
    model = pair_discriminator(5)
    kernels = [w for w in model.trainable_weights if w.name == "kernel"]
    assert [w.shape for w in kernels] == [
        (4, 4, 10, 64),
        (4, 4, 64, 128),
        (4, 4, 128, 256),
        (4, 4, 256, 512),
        (4, 4, 512, 3),
    ]
    small = pair_discriminator(3, filters=2)
    pairs = np.random.default_rng(0).normal(size=(2, 66, 75, 6)) * 1e3
    answers = np.array(small(pairs))
    assert answers.shape == (2, 2, 2, 3)
    assert 0 < np.abs(answers).max() <= 1


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_spectral_norm_of_every_convolution_is_one(policy, dtype_policy):
    dtype_policy(policy)
    for model in (
        pair_discriminator(3, filters=2),
        image_discriminator(6, filters=2, spectral_norm=True),
    ):
        pairs = np.ones((1, 32, 32, 6), dtype="float32")
        for _ in range(40):  # One power iteration each.
            answers = model(pairs, training=True)
        assert answers.dtype == "float32"
        kernels = [w.numpy() for w in model.trainable_weights if w.name == "kernel"]
        assert len(kernels) == 5
        for kernel in kernels:
            matrix = kernel.reshape(-1, kernel.shape[-1])
            assert np.linalg.norm(matrix, 2) == pytest.approx(1.0, abs=0.05)
            # Divided out in float32: these are no half-precision numbers.
            rounded = keras.ops.cast(keras.ops.cast(kernel, "bfloat16"), "float32")
            assert not np.array_equal(kernel, rounded)


def test_deeplab_v2_has_the_published_weights():
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


def test_deeplab_v2_output_stride_and_save(tmp_path):
    model = deeplab_v2(5, blocks=(1, 1, 1, 1), filters=4)
    # PyTorch's ceil mode keeps one more row: 64 -> 33 -> 17 -> 9 at stride 8.
    features = keras.Model(model.input, model.get_layer("layer4_0_relu").output)
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3))
    assert features(images).shape == (1, 9, 13, 128)
    assert model(images).shape == (1, 64, 96, 5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images), model(images))


@pytest.mark.parametrize("size", [(32, 48), (37, 51)])
def test_small_segmenter_takes_any_size_and_saves(size, tmp_path):
    model = small_segmenter(4, filters=4)
    images = np.random.default_rng(0).integers(0, 256, (2, *size, 3), dtype="uint8")
    assert model(images).shape == (2, *size, 4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images), model(images))


def test_small_segmenter_with_auxiliary_head_is_the_same_network_with_one_more():
    images = np.random.default_rng(0).integers(0, 256, (2, 37, 51, 3), dtype="uint8")
    keras.utils.set_random_seed(1)
    plain = small_segmenter(4, filters=4)
    keras.utils.set_random_seed(1)
    model = small_segmenter(4, filters=4, auxiliary_head=True)
    auxiliary, main = model(images)
    assert auxiliary.shape == main.shape == (2, 37, 51, 4)
    np.testing.assert_array_equal(main, plain(images))
    shapes = {w.path: w.shape for w in model.weights}
    # On the decoder's map at quarter resolution, twice the filters.
    assert shapes.pop("auxiliary_head/kernel") == (1, 1, 8, 4)
    assert shapes.pop("auxiliary_head/bias") == (4,)
    assert shapes == {w.path: w.shape for w in plain.weights}
    middle = keras.Model(model.input, model.get_layer("auxiliary_head").output)
    assert middle(np.zeros((1, 64, 96, 3))).shape == (1, 16, 24, 4)


def test_half_precision_networks_answer_in_float32(dtype_policy):
    dtype_policy("mixed_bfloat16")
    maps = np.full((1, 32, 32, 3), 1 / 3)
    assert pixel_discriminator(3, 4)(maps).dtype == "float32"
    assert image_discriminator(3, 4)(maps).dtype == "float32"
    images = np.full((1, 32, 32, 3), 201.0)
    segmenter = small_segmenter(3, 4)
    assert segmenter(images).dtype == "float32"
    # Images are not rounded before they are normalised: 201 / 64 - 2.
    rescale = keras.Model(segmenter.input, segmenter.get_layer("rescale").output)
    np.testing.assert_allclose(rescale(images), 201 / 64 - 2, atol=1e-6)


def test_deeplab_v2_answers_as_the_same_network_in_pytorch():
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
