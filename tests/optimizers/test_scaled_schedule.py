"""Any schedule times a factor."""

import keras
import pytest

from keras_pixda.optimizers import ScaledSchedule

SCHEDULES = (
    keras.optimizers.schedules.CosineDecay(0.1, 4),
    keras.optimizers.schedules.PiecewiseConstantDecay([1, 3], [0.1, 0.01, 0.0]),
    keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5),
)


def test_it_is_its_schedule_times_the_factor():
    for schedule in SCHEDULES:
        scaled = ScaledSchedule(schedule, 7.0)
        again = keras.optimizers.schedules.deserialize(
            keras.optimizers.schedules.serialize(scaled)
        )
        for step in (0, 1, 3, 10):
            assert float(scaled(step)) == pytest.approx(7.0 * float(schedule(step)))
            assert again(step) == scaled(step)
