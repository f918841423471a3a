import keras
import numpy as np
import pytest

from keras_pixda.layers import FixedScaleBatchNormalization
from keras_pixda.methods import PixDAModel
from keras_pixda.models import (
    deeplab_v2,
    set_batch_normalization,
    small_segmenter,
    with_own_auxiliary_head,
)
from keras_pixda.models.batch_normalization import (
    batch_normalizations,
    set_trainability,
    trainability,
)
from keras_pixda.models.load_model import load_model
from keras_pixda.training import SupervisedModel
from tests.methods.tiny import batch


@keras.saving.register_keras_serializable("tests")
class Block(keras.layers.Layer):
    """A layer with layers of its own, as those of keras-hub."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.convolution = keras.layers.Conv2D(4, 3, padding="same")
        self.normalization = keras.layers.BatchNormalization(name="in_block")

    def build(self, shape):
        self.convolution.build(shape)
        self.normalization.build((*shape[:-1], 4))

    def call(self, x, training=None):
        return self.normalization(self.convolution(x), training=training)

    def compute_output_shape(self, shape):
        return *shape[:-1], 4


@keras.saving.register_keras_serializable("tests")
class Backbone(keras.Model):
    """A functional model that its class builds from a config, as those of keras-hub."""

    def __init__(self, **kwargs):
        images = keras.Input((None, None, 3))
        x = keras.layers.Rescaling(1 / 64, -2.0)(images)
        x = Block(name="block")(x)
        x = keras.layers.Conv2D(4, 1, name="deep_conv")(x)
        x = keras.layers.BatchNormalization(name="deep_bn")(x)
        super().__init__(inputs=images, outputs=x, **kwargs)

    def get_config(self):
        return {"name": self.name}


def nested():
    """Batch normalisation in a layer, in a model, and at the top."""
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(3, 1, name="head")(Backbone(name="backbone")(images))
    x = keras.layers.BatchNormalization(name="head_bn", center=False)(x)
    return keras.Model(images, x)


def names(weights):
    return {weight.path.rpartition("/")[2] for weight in weights}


def moved(segmenter, model):
    """Which kinds of a batch normalisation's variables two steps change."""
    before = {id(w): w.numpy().copy() for w in segmenter.weights}
    images, labels = batch()
    for _ in range(2):
        model.train_on_batch(images, labels)
    return {
        weight.path.rpartition("/")[2]
        for layer in batch_normalizations(segmenter)
        for weight in layer.weights
        if not np.array_equal(before[id(weight)], weight.numpy())
    }


CHANGING = {
    "trained": {"gamma", "beta", "moving_mean", "moving_variance"},
    "fixed_scale": {"moving_mean", "moving_variance"},
    "frozen": set(),
}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
@pytest.mark.parametrize("mode", CHANGING)
def test_a_step_changes_what_the_mode_says_in_every_layer(mode, tmp_path):
    segmenter = nested()
    set_batch_normalization(segmenter, mode)
    # Another mode before it leaves nothing behind.
    for other in ("frozen", "fixed_scale", mode):
        set_batch_normalization(segmenter, other)
    assert len(batch_normalizations(segmenter)) == 3
    model = SupervisedModel(segmenter)
    model.compile(keras.optimizers.SGD(0.5, momentum=0.9), accumulate=2)
    assert moved(segmenter, model) == CHANGING[mode]
    # Its file holds it, with an optimizer that fits.
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert trainability(loaded.segmenter) == trainability(segmenter)
    for value, expected in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(value, expected)
    pairs = loaded.optimizer.variables, model.optimizer.variables
    for value, expected in zip(*pairs, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert moved(loaded.segmenter, loaded) == CHANGING[mode]


def test_the_published_network_never_trains_scale_and_offset():
    segmenter = deeplab_v2(3, blocks=(1, 1, 1, 1), filters=2)
    assert trainability(segmenter) == {}
    for mode, frozen in (("frozen", True), ("fixed_scale", False), ("trained", False)):
        set_batch_normalization(segmenter, mode)
        assert bool(trainability(segmenter)) == frozen
        assert not {"gamma", "beta"} & names(segmenter.trainable_weights)


def test_a_second_head_and_a_teacher():
    segmenter = small_segmenter(3, filters=4)
    set_batch_normalization(segmenter, "fixed_scale")
    states = trainability(segmenter)
    assert set(map(tuple, states.values())) == {(True, False)}
    assert trainability(with_own_auxiliary_head(segmenter)) == states
    teacher = small_segmenter(3, filters=4)
    model = PixDAModel(segmenter)
    assert not trainability(model.discriminator)
    SupervisedModel(segmenter, teacher)
    assert trainability(segmenter) == states
    set_trainability(segmenter, {})
    assert trainability(segmenter) == {}
    assert "gamma" in names(segmenter.trainable_weights)


def test_fixed_scale_is_what_the_layer_of_the_published_network_does():
    images = keras.Input((None, None, 3))
    outputs = []
    for kind in (keras.layers.BatchNormalization, FixedScaleBatchNormalization):
        keras.utils.set_random_seed(0)
        x = keras.layers.Conv2D(3, 3)(images)
        x = kind(momentum=0.8, epsilon=1e-3)(x)
        outputs.append(keras.Model(images, x))
    set_batch_normalization(outputs[0], "fixed_scale")
    pictures = np.random.default_rng(0).normal(3, 2, (2, 8, 8, 3)).astype("float32")
    for network in outputs:
        network(pictures, training=True)
    for ours, published in zip(*(n.get_weights() for n in outputs), strict=True):
        np.testing.assert_allclose(ours, published, atol=1e-5)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("froze", "is to be 'froze', expected one of .*'frozen'"),
        ("frozen", "has no batch normalisation that could be 'frozen'"),
    ],
)
def test_what_cannot_be(mode, message):
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 1)])
    with pytest.raises(ValueError, match=message):
        set_batch_normalization(network, mode)
