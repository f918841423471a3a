"""Steps are counted over passes, and over trainings that go on."""

import keras
import numpy as np
import pytest

from keras_pixda.callbacks import StopAtStep

DATA = np.zeros((4, 2)), np.zeros((4, 1))


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("steps", [1, 4, 6])
def test_training_stops_wherever_a_pass_then_is(model, steps):
    stop = StopAtStep(steps)
    model.fit(*DATA, batch_size=1, epochs=3, callbacks=[stop], verbose=0)
    assert model.optimizer.iterations == steps


def test_a_training_that_has_done_its_steps_does_no_more():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = (np.zeros((8, 2)), np.zeros((8, 1)))
    model.fit(*data, batch_size=1, callbacks=[StopAtStep(3)], verbose=0)
    with pytest.warns(UserWarning, match="ran out of data"):  # By Keras.
        model.fit(*data, batch_size=1, callbacks=[StopAtStep(3)], verbose=0)
    assert int(model.optimizer.iterations) == 3


def test_the_steps_of_a_restored_optimizer_count():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((8, 2)), np.zeros((8, 1))
    for steps, expected in ((3, 3), (5, 5), (12, 12)):
        stop = [StopAtStep(steps)]
        model.fit(x, y, batch_size=1, epochs=9, callbacks=stop, verbose=0)
        assert int(model.optimizer.iterations) == expected
    with pytest.raises(ValueError, match="must be positive"):
        StopAtStep(0)


def test_the_count_of_a_state_stands_for_that_of_the_optimizer(model):
    stop = StopAtStep(5)
    stop.set_state(3)  # In float16 some of them are skipped.
    model.fit(*DATA, batch_size=1, epochs=3, callbacks=[stop], verbose=0)
    assert model.optimizer.iterations == 2
