"""CoupledSGD against a plain NumPy rewrite of PyTorch's formula."""

import keras
import numpy as np
import pytest

from keras_pixda.optimizers import CoupledSGD


def test_it_decays_through_the_momentum(gradients, run):
    weights, velocity = np.array([1.0, -2.0, 3.0]), np.zeros(3)
    for step, gradient in enumerate(gradients):
        velocity = 0.9 * velocity + gradient + 0.01 * weights
        weights = weights - 0.1 * (1 - step / 10) ** 0.9 * velocity
    schedule = keras.optimizers.schedules.PolynomialDecay(0.1, 10, 0.0, power=0.9)
    optimizer = CoupledSGD(schedule, momentum=0.9, coupled_decay=0.01)
    np.testing.assert_allclose(run(optimizer, gradients), weights, rtol=1e-5)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="must not be negative"):
        CoupledSGD(coupled_decay=-1.0)
    with pytest.raises(ValueError, match="no Nesterov"):
        CoupledSGD(nesterov=True)
