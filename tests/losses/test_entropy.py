import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import EntropyLoss, entropy_loss


def test_equals_a_plain_numpy_rewrite():
    logits = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    p = np.exp(logits.astype("float64"))
    p /= p.sum(-1, keepdims=True)
    entropy = -(p * np.log(p)).sum(-1) / math.log(5)
    expected = np.mean((entropy**2 + 1e-8) ** 2)
    np.testing.assert_allclose(
        EntropyLoss()(np.zeros((2, 3, 4)), logits), expected, rtol=1e-5
    )


def test_undecided_is_one_and_certain_is_zero():
    assert float(entropy_loss(np.zeros((1, 1, 1, 7)))[0, 0, 0]) == pytest.approx(1.0)
    certain = entropy_loss(np.array([[[[500.0, 0.0]]]]))
    assert float(certain[0, 0, 0]) == pytest.approx(0.0, abs=1e-12)


def test_half_precision_gives_float32():
    loss = EntropyLoss()(np.zeros((1, 300, 300)), tf.zeros((1, 300, 300, 3), "float16"))
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(1.0, rel=1e-5)


def test_config_round_trip():
    config = keras.saving.serialize_keras_object(EntropyLoss(eta=1.5))
    assert keras.saving.deserialize_keras_object(config).eta == 1.5
