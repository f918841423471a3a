import keras
import numpy as np
import pytest


@pytest.fixture
def gradients():
    """Of four steps, for `run`."""
    return np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@pytest.fixture
def run():
    """`run(optimizer, gradients)`: weights of 1, -2 and 3 after these steps."""

    def run(optimizer, gradients):
        variable = keras.Variable(np.array([1.0, -2.0, 3.0], "float32"))
        optimizer.build([variable])
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient)])
        return variable.numpy()

    return run
