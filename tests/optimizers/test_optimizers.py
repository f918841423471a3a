"""The optimizers against plain NumPy rewrites of PyTorch's formulas."""

import keras
import numpy as np
import pytest

from keras_pixda.models import deeplab_v2
from keras_pixda.optimizers import (
    BiasCorrectedAdam,
    CoupledSGD,
    published_optimizers,
)


def run(optimizer, gradients):
    variable = keras.Variable(np.array([1.0, -2.0, 3.0], "float32"))
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)])
    return variable.numpy()


@pytest.fixture
def gradients():
    return np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def test_coupled_sgd_decays_through_the_momentum(gradients):
    weights, velocity = np.array([1.0, -2.0, 3.0]), np.zeros(3)
    for step, gradient in enumerate(gradients):
        velocity = 0.9 * velocity + gradient + 0.01 * weights
        weights = weights - 0.1 * (1 - step / 10) ** 0.9 * velocity
    schedule = keras.optimizers.schedules.PolynomialDecay(0.1, 10, 0.0, power=0.9)
    optimizer = CoupledSGD(schedule, momentum=0.9, coupled_decay=0.01)
    np.testing.assert_allclose(run(optimizer, gradients), weights, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e-8])
def test_bias_corrected_adam_adds_epsilon_last(gradients, scale):
    gradients = gradients * np.float32(scale)
    weights, first, second = np.array([1.0, -2.0, 3.0]), np.zeros(3), np.zeros(3)
    for step, gradient in enumerate(gradients.astype("float64"), start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        mean, spread = first / (1 - 0.9**step), np.sqrt(second / (1 - 0.99**step))
        weights = weights - 0.01 * mean / (spread + 1e-8)
    optimizer = BiasCorrectedAdam(0.01, beta_2=0.99)
    np.testing.assert_allclose(run(optimizer, gradients), weights, atol=2e-6)


def test_published_optimizers_drive_the_head_ten_times_as_fast():
    model = deeplab_v2(3, blocks=(1, 1, 1, 1), filters=2)
    optimizer = published_optimizers()["optimizer"]
    optimizer.build(model.trainable_variables)
    before = {v.path: v.numpy() for v in model.trainable_variables}
    ones = [keras.ops.ones_like(v) for v in model.trainable_variables]
    optimizer.apply(ones, model.trainable_variables)
    for variable in model.trainable_variables:
        old = before[variable.path]
        rate = 1e-2 if "head" in variable.path else 1e-3
        expected = old - rate * (1 + 5e-4 * old)
        np.testing.assert_allclose(variable, expected, atol=1e-7)


def test_configs_round_trip():
    for optimizer in published_optimizers(decay_steps=7).values():
        config = keras.saving.serialize_keras_object(optimizer)
        again = keras.saving.deserialize_keras_object(config)
        assert again.get_config() == optimizer.get_config()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="must not be negative"):
        CoupledSGD(coupled_decay=-1.0)
    with pytest.raises(ValueError, match="no Nesterov"):
        CoupledSGD(nesterov=True)
    with pytest.raises(ValueError, match="no amsgrad"):
        BiasCorrectedAdam(amsgrad=True)
