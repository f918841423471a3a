"""Any learning rate schedule, times a factor."""

from typing import Any

import keras

from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class ScaledSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Another learning rate schedule, times a factor.

    Example:

    ```python
    import keras
    from keras_pixda.optimizers import ScaledSchedule

    cosine = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=100)
    assert abs(ScaledSchedule(cosine, 10.0)(0) - 0.1) < 1e-6
    ```

    Args:
        schedule: A `keras.optimizers.schedules.LearningRateSchedule`.
        factor: What every rate is multiplied by.
    """

    def __init__(
        self, schedule: keras.optimizers.schedules.LearningRateSchedule, factor: float
    ):
        super().__init__()
        self.schedule = schedule
        self.factor = factor

    def __call__(self, step: Tensor) -> Tensor:
        """The rate at a step."""
        return self.schedule(step) * self.factor

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this schedule."""
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "factor": self.factor,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ScaledSchedule":
        """Rebuild a schedule from its config."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["factor"])
