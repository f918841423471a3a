"""Two optimizers in one whose rates keep their ratio."""

from typing import Any

import keras

from keras_pixda.optimizers.scaled_schedule import ScaledSchedule
from keras_pixda.private_keras import AverageOfParts


@keras.saving.register_keras_serializable("keras_pixda")
class BodyHeadOptimizer(AverageOfParts, keras.optimizers.MultiOptimizer):
    """`keras.optimizers.MultiOptimizer` with one learning rate, which heads multiply.

    The rate of the default optimizer is the rate that is read and set; every other
    optimizer gets `head_factor` times as much. `keras.callbacks.LearningRateScheduler`
    and `ReduceLROnPlateau` therefore do what they do with one plain optimizer; those of
    a `MultiOptimizer` they set one by one, each to the same rate. So that they do not,
    the optimizers are called `parts` here, not `optimizers`.

    Example:

    ```python
    import keras
    from keras_pixda.optimizers import BodyHeadOptimizer

    rates = keras.optimizers.OptimizerMap(
        keras.optimizers.AdamW(0.01), {".*head.*": keras.optimizers.AdamW(0.1)}
    )
    optimizer = BodyHeadOptimizer(rates, head_factor=10.0)
    optimizer.learning_rate = 0.005
    body, head = optimizer.parts
    assert abs(head.learning_rate - 0.05) < 1e-6
    ```

    Args:
        optimizer_map: A `keras.optimizers.OptimizerMap`.
        head_factor: How much faster the optimizers of its patterns learn. Defaults
            to 10.0.
        loss_scale_factor: As in `keras.optimizers.MultiOptimizer`. Defaults to `None`.
        name: Name of the optimizer. Defaults to `None`.
    """

    def __init__(
        self,
        optimizer_map: Any,
        head_factor: float = 10.0,
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ):
        super().__init__(optimizer_map, loss_scale_factor, name)
        self.head_factor = head_factor
        body = optimizer_map.default_optimizer
        self.parts = [body, *(o for o in super().optimizers if o is not body)]

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """Not here, see above."""
        raise AttributeError(f"{self.name!r} calls its optimizers `parts`.")

    @property
    def learning_rate(self) -> Any:
        """The rate of the body, a variable or the value of its schedule now."""
        return self.parts[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        body, *heads = self.parts
        try:
            # First, since it refuses a number in the place of a schedule.
            body.learning_rate = value
        except TypeError as error:
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule`, so that its "
                "rate cannot be set: give it a constant one, "
                "published_optimizers(decay_steps=None)."
            ) from error
        for head in heads:
            head.learning_rate = scaled(value, self.head_factor)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this optimizer."""
        return {**super().get_config(), "head_factor": self.head_factor}


def scaled(rate: Any, factor: float) -> Any:
    """A number or schedule, times a factor."""
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return ScaledSchedule(rate, factor)
    return rate * factor
