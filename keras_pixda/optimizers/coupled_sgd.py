"""Stochastic gradient descent as the published networks were trained with it."""

from typing import Any

import keras
from keras import ops

from keras_pixda.private_keras import velocity_of
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class CoupledSGD(keras.optimizers.SGD):
    """SGD with momentum whose weight decay is part of the gradient, as in PyTorch.

    `keras.optimizers.SGD(weight_decay=...)` shrinks the weights beside the update; here
    the decay is added to the gradient and so passes through the momentum. The velocity
    is kept without the learning rate, `v = momentum * v + g; w = w - rate * v`, so that
    a schedule acts on old gradients too. Both are what published schedules mean.

    On TensorFlow velocity and weights are updated by one operation, in place.

    Example:

    ```python
    import keras
    from keras_pixda.optimizers import CoupledSGD

    weight = keras.Variable([1.0])
    optimizer = CoupledSGD(1.0, momentum=0.9, coupled_decay=0.1)
    for _ in range(2):
        optimizer.apply([keras.ops.zeros(1)], [weight])
    # 1 - 0.1, and then the decay of that with nine tenths of the first one.
    assert abs(float(weight[0]) - (0.9 - 0.09 - 0.09)) < 1e-6
    ```

    Args:
        learning_rate: Number, schedule or callable. Defaults to 0.01.
        momentum: In 0..1. Defaults to 0.0.
        coupled_decay: Factor of the weights that is added to their gradient, an L2
            penalty of half of it. Defaults to 0.0.
        **kwargs: As in `keras.optimizers.SGD`.

    Raises:
        ValueError: If `coupled_decay` is negative or `nesterov` is asked for.
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        coupled_decay: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(learning_rate=learning_rate, momentum=momentum, **kwargs)
        if coupled_decay < 0:
            raise ValueError(
                f"coupled_decay must not be negative, received {coupled_decay}."
            )
        if self.nesterov:
            raise ValueError("CoupledSGD has no Nesterov momentum: use keras SGD.")
        self.coupled_decay = coupled_decay

    def update_step(
        self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor
    ) -> None:
        """Update one variable and its velocity."""
        learning_rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        if self.coupled_decay:
            gradient = _decayed(gradient, variable, self.coupled_decay)
        if not self.momentum:
            self.assign_sub(variable, learning_rate * gradient)
            return
        velocity = velocity_of(self, variable)
        if keras.backend.backend() == "tensorflow":
            _update_in_place(variable, velocity, learning_rate, gradient, self.momentum)
            return
        gradient = self.momentum * velocity + gradient
        self.assign(velocity, gradient)
        self.assign_sub(variable, learning_rate * gradient)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this optimizer."""
        return {**super().get_config(), "coupled_decay": self.coupled_decay}


def _decayed(gradient, variable, decay):
    """The gradient with the decay, which is not computed before the gradient is."""
    if keras.backend.backend() != "tensorflow":
        return gradient + decay * variable
    import tensorflow as tf

    # Ready at once, the decay of all weights would be held throughout the step.
    with tf.control_dependencies([gradient]):
        return gradient + decay * variable


def _update_in_place(variable, velocity, learning_rate, gradient, momentum):
    """One pass over the weights, where assignments take several, each with a copy."""
    import tensorflow as tf

    tf.raw_ops.ResourceApplyMomentum(
        var=_resource(variable),
        accum=_resource(velocity),
        lr=learning_rate,
        grad=gradient,
        momentum=momentum,
    )


def _resource(variable):
    """The handle of a variable of Keras or TensorFlow, this replica's of several."""
    if isinstance(variable, keras.Variable):
        variable = variable.value
    return variable.handle
