import keras
import numpy as np
import pytest
from keras import layers

from keras_pixda.models import efficientnet_lite, pyramid_segmenter
from keras_pixda.serving.folded import folded
from keras_pixda.serving.inference_function import inference_function


def used(network):
    """The network with statistics, scales and offsets as of one that has learned."""
    random = np.random.default_rng(0)
    for weight in network.weights:
        if "bn" in weight.path:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return network


def images(size=(32, 48)):
    return np.random.default_rng(1).integers(0, 256, (2, *size, 3), "uint8")


def test_a_pretrained_network_answers_the_same_without_normalisations():
    backbone = efficientnet_lite(0, width_factor=0.1, depth_factor=0.1)
    segmenter = used(pyramid_segmenter(backbone, num_classes=3, width=8))
    config, weights = segmenter.get_config(), segmenter.get_weights()
    network = folded(segmenter)
    kinds = [type(layer) for layer in network.layers]
    assert layers.BatchNormalization not in kinds
    assert layers.DepthwiseConv2D in kinds
    for size in ((32, 48), (45, 33)):
        wanted = segmenter(images(size), training=False)
        np.testing.assert_allclose(network(images(size)), wanted, rtol=1e-5, atol=1e-5)
    assert segmenter.get_config() == config
    for kept, weight in zip(segmenter.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_folds_only_where_nothing_else_reads_the_convolution():
    x = maps = keras.Input((None, None, 3))
    read = layers.Conv2D(3, 1, name="read_twice")(x)
    x = layers.Add()([layers.BatchNormalization(name="bn1")(read), read])
    x = layers.Conv2D(3, 3, activation="relu", name="active")(x)
    x = layers.BatchNormalization(name="bn2")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="folds")(x)
    x = layers.BatchNormalization(scale=False, name="bn3")(x)
    segmenter = used(keras.Model(maps, x))
    network = folded(segmenter)
    kinds = [type(network.get_layer(f"bn{i}")) for i in (1, 2, 3)]
    kept = layers.BatchNormalization
    assert kinds == [kept, kept, layers.Activation]
    np.testing.assert_allclose(
        network(images()), segmenter(images()), rtol=1e-4, atol=1e-3
    )


def test_what_cannot_be_folded_is_given_back():
    sequential = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 1)])
    assert folded(sequential) is sequential


def test_the_function_answers_like_the_segmenter_at_many_sizes():
    x = keras.Input((None, None, 3))
    y = layers.BatchNormalization(name="bn")(layers.Conv2D(2, 3)(x))
    segmenter = used(keras.Model(x, y))
    function = inference_function(segmenter)
    for side in range(8, 16):
        image = images((side, 9))
        wanted = segmenter(image, training=False)
        np.testing.assert_allclose(function(image), wanted, rtol=1e-4, atol=1e-3)
    with pytest.raises(ValueError, match="inference"):
        function(images(), training=True)
