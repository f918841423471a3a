import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_pixda.layers import resized_like
from keras_pixda.methods import JointModel
from keras_pixda.models import efficientnet_lite, pyramid_segmenter
from keras_pixda.training import trained_forward as module
from keras_pixda.training.trained_forward import trained_forward


def network(**options):
    """Every layer that is replaced, some as a network within the network."""
    x = images = keras.Input((None, None, 3), **options)
    x = layers.Rescaling(1 / 64, -2.0)(x)
    x = skip = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9, name="bn")(x)
    x = layers.ReLU(6.0)(x)
    inner = keras.Input((None, None, 8))
    y = layers.DepthwiseConv2D(5, padding="same", activation="relu", name="dw5")(inner)
    y = layers.DepthwiseConv2D(3, strides=2, padding="same", name="dw3")(y)
    y = layers.BatchNormalization(scale=False, center=False, name="bare")(y)
    x = keras.Model(inner, y, name="within")(x)
    x = layers.Conv2D(6, 1, name="one")(x)
    x = layers.Conv2D(6, 3, padding="same", dilation_rate=2, name="three")(x)
    x = resized_like(x, skip, "up")
    return keras.Model(images, [x, resized_like(x, images, "logits")])


def train(model, images, forward):
    """Outputs, gradients and weights of a compiled training pass."""
    before = model.get_weights()

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def step(images):
        with tf.GradientTape() as tape:
            outputs = forward(images)
            loss = sum(tf.reduce_mean(x**3) for x in outputs)
        return [*outputs, *tape.gradient(loss, model.trainable_variables)]

    results = [np.asarray(x) for x in step(images)]
    results += model.get_weights()
    model.set_weights(before)
    return results


@pytest.mark.parametrize(
    ("natively", "fast"), [(True, True), (True, False), (False, False)]
)
def test_trains_like_keras_on_every_kind_of_processor(natively, fast, monkeypatch):
    if natively and not module.has_native_gradients("float32"):
        pytest.skip("TensorFlow has no such kernels here.")
    for name, answer in (
        ("has_native_gradients", natively),
        ("has_fast_gradients", fast),
    ):
        monkeypatch.setattr(module, name, lambda *_, a=answer: a)
    keras.utils.set_random_seed(0)
    model = network()
    images = np.random.default_rng(0).uniform(0, 255, (2, 17, 22, 3)).astype("float32")
    wanted = train(model, images, lambda x: model(x, training=True))
    called = []
    for kind in (layers.BatchNormalization, layers.DepthwiseConv2D):
        original = kind.call
        monkeypatch.setattr(
            kind,
            "call",
            lambda self, *args, original=original, **options: (
                called.append(self.name) or original(self, *args, **options)
            ),
        )
    ours = train(model, images, lambda x: trained_forward(model, x))
    assert called == ([] if natively else ["dw5", "dw3"])
    for value, other in zip(ours, wanted, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-3, atol=2e-5)


def test_leaves_alone_what_is_not_stock_or_has_another_meaning():
    class Mine(layers.BatchNormalization):
        pass

    maps = keras.Input((8, 8, 4))
    for layer in (
        Mine(),
        layers.BatchNormalization(axis=1),
        layers.BatchNormalization(trainable=False),
        layers.BatchNormalization(renorm=True),
        layers.BatchNormalization(synchronized=True),
        layers.BatchNormalization(dtype="mixed_bfloat16"),
        layers.Conv2D(4, 3, strides=2, padding="same"),
        layers.Conv2D(4, 3, padding="valid"),
        layers.Conv2D(4, 2, padding="same"),
        layers.Conv2D(4, 3, padding="same", groups=2),
        layers.Conv2D(4, 1, activity_regularizer="l2"),
        layers.DepthwiseConv2D(3, padding="valid"),
        layers.DepthwiseConv2D(3, padding="same", dilation_rate=2),
    ):
        layer(maps)
        assert module._fast(layer) is None
    ordinary = layers.BatchNormalization()
    ordinary(maps)
    assert module._fast(ordinary) is not None


def test_a_network_within_that_only_looks_like_a_resize_is_run():
    x, like = (keras.Input((None, None, 3), name=n) for n in ("map", "reference"))
    other = keras.Model([x, like], x + like[:, :1, :1])
    assert not module._is_resize(other)
    assert module._is_resize(network().get_layer("up"))


def test_a_step_is_that_of_keras_and_leaves_the_network_as_it_was(monkeypatch):
    backbone = efficientnet_lite(0, width_factor=0.1, depth_factor=0.1)
    segmenter = pyramid_segmenter(backbone, num_classes=3, width=8)
    config, weights = segmenter.get_config(), segmenter.get_weights()
    random = np.random.default_rng(0)
    both = "source", "target"
    images = {d: random.integers(0, 256, (2, 32, 48, 3), "uint8") for d in both}
    labels = {d: random.integers(0, 3, (2, 32, 48), "uint8") for d in both}
    results = []
    for fast in (True, False):
        if not fast:
            monkeypatch.setattr(module, "_fast", lambda operation: None)
        segmenter.set_weights(weights)
        model = JointModel(segmenter)
        model.compile(keras.optimizers.SGD(0.01))
        logs = model.train_on_batch(images, labels, return_dict=True)
        results.append([logs["loss"], *segmenter.get_weights()])
    assert segmenter.get_config() == config
    for value, wanted in zip(*results, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=1e-4)
