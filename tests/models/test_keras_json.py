"""What keras.json says of floats and channels changes no result."""

import keras
import numpy as np
import pytest

from keras_pixda import PixDAModel
from keras_pixda.layers import FixedScaleBatchNormalization
from keras_pixda.models import (
    deeplab_v2,
    efficientnet_lite,
    image_discriminator,
    pair_discriminator,
    pixel_discriminator,
    pyramid_segmenter,
    small_segmenter,
)

SIZE = 32, 48
NETWORKS = {
    "small_segmenter": lambda: small_segmenter(3, filters=2),
    "pyramid_segmenter": lambda: pyramid_segmenter(
        efficientnet_lite(0, width_factor=0.1, depth_factor=0.1), 3, width=2
    ),
    "deeplab_v2": lambda: deeplab_v2(3, blocks=(1, 1, 1, 1), filters=2),
    "pixel_discriminator": lambda: pixel_discriminator(3, 2),
    "image_discriminator": lambda: image_discriminator(3, 2),
    "pair_discriminator": lambda: pair_discriminator(3, 2),
}


@pytest.fixture
def keras_json():
    """Set what keras.json may hold, for one test."""
    before = keras.config.image_data_format(), keras.config.floatx()
    policy = keras.config.dtype_policy()

    def set_to(data_format="channels_last", floatx="float32"):
        keras.config.set_image_data_format(data_format)
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(floatx)

    yield set_to
    keras.config.set_image_data_format(before[0])
    keras.config.set_floatx(before[1])
    keras.config.set_dtype_policy(policy)


@pytest.mark.parametrize("network", NETWORKS)
def test_channels_first_changes_nothing(network, keras_json):
    answers = []
    for data_format in ("channels_last", "channels_first"):
        keras_json(data_format=data_format)
        keras.utils.set_random_seed(0)
        model = NETWORKS[network]()
        channels = model.input_shape[-1]
        images = np.random.default_rng(0).uniform(0, 9, (1, *SIZE, channels))
        answers.append(model(images.astype("float32"), training=False))
    np.testing.assert_array_equal(*answers)


def test_own_segmenters_with_channels_last_are_taken(keras_json):
    keras_json(data_format="channels_first")
    inputs = keras.Input((None, None, 3))
    convolution = keras.layers.Conv2D(3, 1, data_format="channels_last")
    model = PixDAModel(keras.Model(inputs, convolution(inputs)))
    assert model(np.zeros((1, *SIZE, 3))).shape == (1, *SIZE, 3)


def results():
    """Losses of all that PixDA does, from the same weights."""
    random = np.random.default_rng(0)
    images, labels = (
        {
            d: random.integers(0, top, (2, *SIZE, *rest)).astype("uint8")
            for d in ("source", "target")
        }
        for top, rest in ((256, (3,)), (3, ()))
    )
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64)(inputs)
    segmenter = keras.Model(inputs, keras.layers.Conv2D(3, 2, strides=2)(x))
    model = PixDAModel(segmenter, pixel_discriminator(3, 2), image_discriminator(3, 2))
    for weight in model.weights:
        # The same in every type of floats.
        weight.assign(random.normal(0, 0.2, weight.shape).astype("float32"))
    model.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    losses = model.train_on_batch(images, labels)
    losses.append(model.test_on_batch(images["target"], labels["target"]))
    logits = model.predict_on_batch(images["target"])
    assert logits.dtype == "float32"
    history = model.distill(images["target"], y=labels["target"], verbose=0)
    losses += [np.abs(logits).mean(), *history.history["loss"]]
    losses += list(model.selection_scores(images["source"], images["target"]).numpy())
    return np.array(losses, "float64")


def test_float64_gives_the_same_results(keras_json):
    expected = results()
    keras_json(floatx="float64")
    np.testing.assert_allclose(results(), expected, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_weights_in_half_precision_are_refused(dtype, keras_json):
    keras_json(floatx=dtype)
    segmenter = small_segmenter(3, filters=2)
    with pytest.raises(
        ValueError, match=f"keeps its weights in {dtype}.*'mixed_{dtype}"
    ):
        PixDAModel(segmenter)
    discriminator = pixel_discriminator(3, 2)
    keras_json()
    segmenter = small_segmenter(3, filters=2)
    model = PixDAModel(segmenter, discriminator, image_discriminator(3, 2))
    with pytest.raises(ValueError, match="'pixel_discriminator' keeps its weights in"):
        model.compile()


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_batch_normalisation_trains_in_other_floats(dtype):
    images = np.random.default_rng(0).normal(size=(2, 4, 4, 3))
    layers = [
        kind(momentum=0.9, epsilon=1e-5, dtype=dtype)
        for kind in (FixedScaleBatchNormalization, keras.layers.BatchNormalization)
    ]
    answers = [layer(images, training=True) for layer in layers]
    np.testing.assert_allclose(*answers, rtol=1e-2)
    for ours, theirs in zip(*(layer.weights for layer in layers), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-3)
