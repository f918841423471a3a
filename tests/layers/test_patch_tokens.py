import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import PatchTokens

RANDOM = np.random.default_rng(0)


def layer(registers=2, dtype=None):
    tokens = PatchTokens(5, registers, dtype=dtype)
    tokens.build((None, None, None, 4))
    tokens.set_weights([RANDOM.normal(size=w.shape) for w in tokens.weights])
    return tokens


@pytest.mark.parametrize("size", [(5, 5), (3, 4), (2, 9), (12, 1)])
def test_positions_are_resized_to_the_map(size):
    tokens = layer()
    patches = RANDOM.normal(size=(2, *size, 4)).astype("float32")
    first, registers, positions = map(np.array, tokens.weights)
    grid = positions[:, 1:].reshape(1, 5, 5, 4)
    grid = tf.image.resize(grid, size, tf.image.ResizeMethod.BICUBIC)
    expected = np.concatenate(
        [
            np.repeat(first + positions[:, :1], 2, axis=0),
            np.repeat(registers, 2, axis=0),
            (patches + grid.numpy()).reshape(2, -1, 4),
        ],
        axis=1,
    )
    found = tokens(patches)
    assert found.shape == tokens.compute_output_shape(patches.shape)
    np.testing.assert_allclose(found, expected, atol=2e-3)
    if size == (5, 5):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_all_weights_are_trained_and_saved(tmp_path):
    patches = keras.Input((None, None, 4))
    model = keras.Model(patches, layer()(patches))
    assert model.output_shape == (None, None, 4)
    values = RANDOM.normal(size=(2, 3, 7, 4)).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(values) ** 2)
    for gradient in tape.gradient(loss, model.trainable_variables):
        assert np.any(gradient)
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(again(values), model(values))


def test_half_precision_and_no_registers():
    found = layer(0, "mixed_bfloat16")(np.zeros((1, 3, 7, 4)))
    assert found.dtype == "bfloat16"
    assert found.shape == (1, 1 + 3 * 7, 4)
