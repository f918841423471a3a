"""A network whose weights are a running average of another one's."""

from typing import Any

import keras
from keras import ops

from keras_pixda.models.copied_network import copied_network
from keras_pixda.typing import Tensor


class AveragedTeacher:
    """The pairs of weights of a teacher and its student, and how they are averaged.

    All weights are averaged, the statistics of batch normalization with the kernels
    that they belong to; counters and whatever else is no fraction are copied.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.methods.self_training.averaged_teacher import AveragedTeacher

    student = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    teacher = AveragedTeacher(student)
    before, _ = student.get_weights()
    student.set_weights([before + 1, np.zeros(1)])
    teacher.follow(step=1, momentum=0.99)
    after, _ = teacher.network.get_weights()
    assert np.allclose(after, before + 0.5)
    ```

    Args:
        student: The `keras.Model` to copy and follow.

    Attributes:
        network: The teacher, which is never trained.
    """

    def __init__(self, student: keras.Model):
        self.network = copied_network(student)
        self.pairs = []
        for copy, layer in zip(self.network.layers, student.layers, strict=True):
            self.pairs += zip(copy.weights, layer.weights, strict=True)

    def follow(self, step: Tensor | int, momentum: float) -> None:
        """Take a step's weights of the student into the average.

        Args:
            step: Steps that the student has made, from 1. The first ones count more
                than the momentum says, so that the start is soon forgotten: at step n
                the average keeps at most 1 - 1 / (n + 1) of itself.
            momentum: What the average keeps of itself.
        """
        kept = momentum_at(step, momentum)
        for average, weight in self.pairs:
            value: Any = ops.convert_to_tensor(weight)
            if "float" in keras.backend.standardize_dtype(average.dtype):
                # So that an average of equal values is that value, to the last bit.
                change = ops.cast(value, average.dtype) - average
                value = average + ops.cast(1.0 - kept, average.dtype) * change
            average.assign(value)


def momentum_at(step: Tensor | int, momentum: float) -> Tensor:
    """What the average keeps of itself after a step: 1/2, 2/3, ... up to `momentum`.

    Example:

    ```python
    from keras_pixda.methods.self_training.averaged_teacher import momentum_at

    assert momentum_at(1, 0.99) == 0.5
    assert abs(momentum_at(5000, 0.99) - 0.99) < 1e-6
    ```

    Args:
        step: Steps made so far, from 1.
        momentum: The largest share.
    """
    step = ops.cast(step, "float32")
    return ops.minimum(1.0 - 1.0 / (step + 1.0), momentum)
