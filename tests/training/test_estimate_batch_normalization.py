import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.models.batch_normalization import batch_normalizations
from keras_pixda.training import estimate_batch_normalization
from tests.models.test_set_batch_normalization import nested

PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 16, 24, 3)).astype("float32")


def network(dropout=0.5):
    images = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64, -2.0)(images)
    for name, filters in (("one", 4), ("two", 5)):
        x = keras.layers.Conv2D(filters, 3, padding="same", name=name)(x)
        x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
        x = keras.layers.Dropout(dropout)(keras.layers.ReLU()(x))
    return keras.Model(images, keras.layers.Conv2D(3, 1, name="logits")(x))


def randomised(segmenter):
    """Scales, offsets and statistics that a mistake would show in."""
    random = np.random.default_rng(1)
    for layer in batch_normalizations(segmenter):
        for weight in layer.weights:
            weight.assign(random.uniform(0.5, 2.0, weight.shape))
    return segmenter


def moments(x):
    return x.mean((0, 1, 2)), x.var((0, 1, 2))


def convolved(layer, x):
    return np.array(layer(x))


def test_one_batch_gives_mean_and_variance_of_the_activations():
    segmenter = randomised(network())
    before = {w.path: w.numpy().copy() for w in segmenter.weights}
    estimate_batch_normalization(segmenter, [PHOTOS])
    x = PHOTOS / 64 - 2
    for name in ("one", "two"):
        x = convolved(segmenter.get_layer(name), x)
        mean, variance = moments(x)
        layer = segmenter.get_layer(f"{name}_bn")
        np.testing.assert_allclose(layer.moving_mean, mean, atol=1e-4)
        np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-4)
        x = (x - mean) / np.sqrt(variance + 1e-3)
        x = np.maximum(x * np.array(layer.gamma) + np.array(layer.beta), 0)
    logits = convolved(segmenter.get_layer("logits"), x)
    # The layers are themselves again, and use them.
    np.testing.assert_allclose(segmenter(PHOTOS), logits, atol=1e-3)
    for weight in segmenter.weights:
        if "moving" not in weight.path:
            np.testing.assert_array_equal(weight, before[weight.path])


def test_batches_add_up_to_the_pixels_of_all_images():
    segmenter = randomised(network())
    images = PHOTOS * np.arange(0.2, 1.2, 0.2, dtype="float32")[:, None, None, None]
    batches = tf.data.Dataset.from_tensor_slices((images, images)).batch(2)
    estimate_batch_normalization(segmenter, batches)
    layer = segmenter.get_layer("one_bn")
    mean, variance = moments(convolved(segmenter.get_layer("one"), images / 64 - 2))
    np.testing.assert_allclose(layer.moving_mean, mean, atol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-4)
    # Behind it each batch was normalised by its own.
    totals = []
    for part in (images[:2], images[2:4], images[4:]):
        x = convolved(segmenter.get_layer("one"), part / 64 - 2)
        mean, variance = moments(x)
        x = (x - mean) / np.sqrt(variance + 1e-3) * np.array(layer.gamma)
        x = np.maximum(x + np.array(layer.beta), 0)
        totals.append(convolved(segmenter.get_layer("two"), x))
    mean, variance = moments(np.concatenate(totals))
    layer = segmenter.get_layer("two_bn")
    np.testing.assert_allclose(layer.moving_mean, mean, atol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-4)


def test_layers_inside_models_and_layers():
    segmenter = randomised(nested())
    estimate_batch_normalization(segmenter, [PHOTOS])
    backbone = segmenter.get_layer("backbone")
    block = backbone.get_layer("block")
    x = convolved(block.convolution, PHOTOS / 64 - 2)
    mean, variance = moments(x)
    np.testing.assert_allclose(block.normalization.moving_mean, mean, atol=1e-4)
    np.testing.assert_allclose(block.normalization.moving_variance, variance, rtol=1e-4)
    # The statistics fit the network as it now is, to the last layer.
    activations = convolved(segmenter.get_layer("head"), backbone(PHOTOS))
    mean, variance = moments(activations)
    layer = segmenter.get_layer("head_bn")
    np.testing.assert_allclose(layer.moving_mean, mean, atol=1e-3)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-3)


def test_half_precision_is_measured_in_float32(dtype_policy):
    dtype_policy("mixed_bfloat16")
    segmenter = network()
    estimate_batch_normalization(segmenter, [PHOTOS])
    layer = segmenter.get_layer("one_bn")
    x = convolved(segmenter.get_layer("one"), PHOTOS / 64 - 2).astype("float32")
    np.testing.assert_allclose(layer.moving_variance, moments(x)[1], rtol=1e-4)


def test_what_cannot_be_estimated():
    plain = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 1)])
    with pytest.raises(ValueError, match="no batch normalisation, whose statistics"):
        estimate_batch_normalization(plain, [PHOTOS])
    with pytest.raises(ValueError, match="expected images, received no batch"):
        estimate_batch_normalization(network(), [])
