"""Half precision is taken out of a model, nested ones included."""

import keras
import numpy as np
import pytest

from keras_pixda.serving.float32_copy import float32_copy


def nested():
    """A model in a model, under the global policy."""
    inner = keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3, activation="relu")]
    )
    images = keras.Input((None, None, 3))
    return keras.Model(images, keras.layers.Conv2D(2, 1)(inner(images)))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_the_copy_computes_as_a_float32_model_with_these_weights(policy, dtype_policy):
    dtype_policy(policy)
    half = nested()
    copy = float32_copy(half)
    assert keras.config.dtype_policy().name == policy  # As it was.
    dtype_policy("float32")
    full = nested()
    full.set_weights(half.get_weights())
    images = np.random.default_rng(0).uniform(size=(1, 8, 8, 3)).astype("float32")
    assert copy(images).dtype == "float32"
    np.testing.assert_array_equal(copy(images), full(images))
    assert half.dtype_policy.name == policy


def test_a_float32_model_is_given_back():
    model = nested()
    assert float32_copy(model) is model
