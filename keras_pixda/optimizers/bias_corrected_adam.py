"""Adam as the published discriminators were trained with it."""

from typing import Any

import keras
from keras import ops

from keras_pixda.private_keras import moments_of
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class BiasCorrectedAdam(keras.optimizers.Adam):
    """Adam that adds epsilon after the bias correction, as in PyTorch.

    Keras adds it before, which in the first steps is as good as an epsilon ten times
    larger: pixels with tiny gradients then start more slowly than published.

    Example:

    ```python
    import keras
    from keras_pixda.optimizers import BiasCorrectedAdam

    weight = keras.Variable([0.0])
    optimizer = BiasCorrectedAdam(1.0, beta_2=0.99)
    optimizer.apply([keras.ops.array([1e-7])], [weight])
    assert abs(float(weight[0]) + 10 / 11) < 1e-3  # A step of g / (g + 1e-8).
    ```

    Args:
        learning_rate: Number, schedule or callable. Defaults to 0.001.
        epsilon: Added to the corrected root of the second moment. Defaults to 1e-8.
        **kwargs: As in `keras.optimizers.Adam`.

    Raises:
        ValueError: If `amsgrad` is asked for.

    Reference:
        Kingma and Ba, [Adam: A Method for Stochastic
        Optimization](https://arxiv.org/abs/1412.6980), ICLR 2015.
    """

    def __init__(
        self, learning_rate: Any = 0.001, epsilon: float = 1e-8, **kwargs: Any
    ):
        super().__init__(learning_rate=learning_rate, epsilon=epsilon, **kwargs)
        if self.amsgrad:
            raise ValueError("BiasCorrectedAdam has no amsgrad: use keras Adam.")

    def update_step(
        self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor
    ) -> None:
        """Update one variable and its two moments."""
        gradient = ops.cast(gradient, variable.dtype)
        step = ops.cast(self.iterations + 1, variable.dtype)
        first, second = moments_of(self, variable)
        self.assign(first, self.beta_1 * first + (1 - self.beta_1) * gradient)
        self.assign(
            second, self.beta_2 * second + (1 - self.beta_2) * ops.square(gradient)
        )
        mean = first / (1 - ops.power(self.beta_1, step))
        deviation = ops.sqrt(second / (1 - ops.power(self.beta_2, step)))
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, rate * mean / (deviation + self.epsilon))
