"""BiasCorrectedAdam against a plain NumPy rewrite of PyTorch's formula."""

import numpy as np
import pytest

from keras_pixda.optimizers import BiasCorrectedAdam


@pytest.mark.parametrize("scale", [1.0, 1e-8])
def test_it_adds_epsilon_last(gradients, scale, run):
    gradients = gradients * np.float32(scale)
    weights, first, second = np.array([1.0, -2.0, 3.0]), np.zeros(3), np.zeros(3)
    for step, gradient in enumerate(gradients.astype("float64"), start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        mean, spread = first / (1 - 0.9**step), np.sqrt(second / (1 - 0.99**step))
        weights = weights - 0.01 * mean / (spread + 1e-8)
    optimizer = BiasCorrectedAdam(0.01, beta_2=0.99)
    np.testing.assert_allclose(run(optimizer, gradients), weights, atol=2e-6)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="no amsgrad"):
        BiasCorrectedAdam(amsgrad=True)
