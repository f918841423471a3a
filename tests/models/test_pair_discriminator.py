"""The discriminator of pairs: sizes, answers and spectral norms."""

import keras
import numpy as np
import pytest

from keras_pixda.models import image_discriminator, pair_discriminator


def test_it_takes_two_maps_and_answers_within_one():
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
