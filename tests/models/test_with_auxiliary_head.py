import keras
import numpy as np
import pytest

from keras_pixda.methods import METHODS, FSDAModel
from keras_pixda.models import deeplab_v2, small_segmenter
from keras_pixda.models.with_auxiliary_head import with_auxiliary_head

IMAGES = np.random.default_rng(0).uniform(0, 255, (1, 32, 48, 3)).astype("float32")


def inner():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    return keras.Model([inputs], keras.layers.Conv2D(6, 3, padding="same")(x))


def nested():
    """A network in a network, as on the backbone of another package."""
    images = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(images)
    return keras.Model(images, keras.layers.Conv2D(3, 1)(inner()(x)))


def one_after_the_other():
    return keras.Sequential(
        [keras.Input((32, 48, 3))]
        + [keras.layers.Conv2D(n, 3, padding="same") for n in (4, 5, 6, 3)]
    )


@pytest.mark.parametrize("make", [nested, one_after_the_other])
def test_a_head_is_added_to_any_functional_network(make):
    segmenter = make()
    network = with_auxiliary_head(segmenter)
    auxiliary, main = network(IMAGES)
    np.testing.assert_allclose(main, segmenter(IMAGES), atol=1e-4)
    assert auxiliary.shape == (1, 32, 48, 3)
    assert len(network.trainable_weights) == len(segmenter.trainable_weights) + 2
    # It judges what the last two layers have not seen yet.
    head = network.get_layer("auxiliary_head")
    assert head.kernel.shape[-2] == (4 if make is nested else 5)
    # The layers are the segmenter's own.
    segmenter.trainable_weights[0].assign_add(
        np.ones(segmenter.trainable_weights[0].shape)
    )
    np.testing.assert_allclose(network(IMAGES)[1], segmenter(IMAGES), atol=1e-3)
    assert FSDAModel(network).segmenter(IMAGES).shape == main.shape


@pytest.mark.parametrize(
    "make",
    [
        lambda: small_segmenter(3, filters=5),
        lambda: deeplab_v2(3, blocks=(1, 1, 2, 1), filters=2),
    ],
)
def test_the_networks_of_this_package_have_heads_of_their_own(make):
    segmenter = make()
    network = with_auxiliary_head(segmenter)
    wanted = small_segmenter if "stem_conv" in str(segmenter.layers) else deeplab_v2
    assert network.name == segmenter.name == wanted.__name__ or network.name
    before = segmenter(IMAGES)
    np.testing.assert_array_equal(network(IMAGES)[1], before)
    for weight in network.weights:  # A copy: the start stays as it is.
        weight.assign(weight + 1)
    np.testing.assert_array_equal(segmenter(IMAGES), before)


class Hidden(keras.Model):
    def __init__(self):
        super().__init__()
        self.convolution = keras.layers.Conv2D(3, 1)

    def call(self, images):
        return self.convolution(images)


def too_small():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(3, 1)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, 1)(x))


def hidden():
    inputs = keras.Input((32, 48, 3))
    return keras.Model(inputs, Hidden()(inputs))


@pytest.mark.parametrize("make", [too_small, hidden])
def test_a_network_without_an_inner_map_is_refused_before_training(make, settings):
    with pytest.raises(ValueError, match="no inner feature map .* the method needs"):
        METHODS["fsda"].check(make(), settings)
