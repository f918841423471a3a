import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import (
    FixedScaleBatchNormalization,
    fixed_scale_batch_normalization,
)


def test_scale_and_offset_are_never_trained_and_statistics_move():
    inputs = keras.Input((4, 4, 2))
    model = keras.Model(inputs, FixedScaleBatchNormalization(name="bn")(inputs))
    layer = model.get_layer("bn")
    layer.gamma.assign([2.0, 3.0])
    images = np.random.default_rng(0).normal(5.0, 2.0, (8, 4, 4, 2)).astype("float32")
    for _ in range(2):  # The second time after freezing and thawing the model.
        assert model.trainable_variables == []
        before = layer.moving_mean.numpy()
        result = model(images, training=True).numpy()
        assert not np.allclose(before, layer.moving_mean)
        np.testing.assert_allclose(result.std((0, 1, 2)), [2.0, 3.0], rtol=1e-3)
        model.trainable = False
        frozen = layer.moving_mean.numpy()
        model(images, training=True)
        np.testing.assert_array_equal(frozen, layer.moving_mean)
        model.trainable = True


def test_saves_and_counts_its_weights(tmp_path):
    inputs = keras.Input((4, 4, 2))
    model = keras.Model(inputs, FixedScaleBatchNormalization()(inputs))
    assert len(model.get_weights()) == 4
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.trainable_variables == []


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("size", [(1, 1, 1), (2, 5, 7)])
def test_gives_what_keras_gives_on_every_kind_of_processor(size, fast, monkeypatch):
    for name, answer in (("has_native_gradients", True), ("has_fast_gradients", fast)):
        monkeypatch.setattr(
            fixed_scale_batch_normalization, name, lambda *_, a=answer: a
        )
    images = np.random.default_rng(0).normal(5.0, 2.0, (*size, 3)).astype("float32")
    weights = [np.float32([2.0, 3.0, 0.5]), np.float32([0.1, 0.2, 0.3])]
    weights += [np.float32([4.0, 5.0, 6.0]), np.float32([1.0, 2.0, 3.0])]
    layer = FixedScaleBatchNormalization()
    keras_layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    results = []
    for each in (layer, keras_layer):
        each.build(images.shape)
        each.set_weights(weights)
        with tf.GradientTape() as tape:
            inputs = tf.constant(images)
            tape.watch(inputs)
            outputs = each(inputs, training=True)
            loss = tf.reduce_sum(outputs**3)
        results.append([outputs, tape.gradient(loss, inputs), *each.get_weights()])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)
    mean = images.mean((0, 1, 2))
    np.testing.assert_allclose(
        layer.moving_mean, 0.9 * weights[2] + 0.1 * mean, rtol=1e-5
    )


def test_slow_processors_are_exact_far_from_zero(monkeypatch):
    for name, answer in (("has_native_gradients", True), ("has_fast_gradients", False)):
        monkeypatch.setattr(
            fixed_scale_batch_normalization, name, lambda *_, a=answer: a
        )
    random = np.random.default_rng(0)
    images = random.normal(1000.0, 2.0, (1, 16, 24, 3)).astype("float32")
    layer = FixedScaleBatchNormalization()
    layer.build(images.shape)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))] * 2)
    def train(images, upstream):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images, training=True)
        return outputs, tape.gradient(outputs, images, output_gradients=upstream)

    upstream = random.normal(size=images.shape).astype("float32")
    outputs, gradient = train(images, upstream)
    images, upstream = images.astype("float64"), upstream.astype("float64")
    axes = {"axis": (0, 1, 2), "keepdims": True}
    deviation = np.sqrt(images.var(**axes) + 1e-5)
    wanted = (images - images.mean(**axes)) / deviation
    along = wanted * (upstream * wanted).mean(**axes)
    back = (upstream - upstream.mean(**axes) - along) / deviation
    np.testing.assert_allclose(outputs, wanted, rtol=0, atol=1e-3)
    np.testing.assert_allclose(gradient, back, rtol=0, atol=1e-3)


def test_half_precision_keeps_its_type_and_float32_statistics():
    images = np.random.default_rng(0).normal(300.0, 2.0, (1, 8, 8, 2))
    layer = FixedScaleBatchNormalization(dtype="mixed_bfloat16")
    outputs = layer(keras.ops.cast(images, "bfloat16"), training=True)
    assert outputs.dtype == "bfloat16"
    assert layer.moving_mean.dtype == "float32"
    np.testing.assert_allclose(layer.moving_mean, 30.0, rtol=1e-2)
