"""Adam as the published discriminators were trained with it."""

import keras
from keras import ops

from keras_pixda.private_keras import moments_of


@keras.saving.register_keras_serializable("keras_pixda")
class BiasCorrectedAdam(keras.optimizers.Adam):
    """Adam that adds epsilon after the bias correction, as in PyTorch.

    Keras adds it before, which in the first steps is as good as an epsilon ten times
    larger: pixels with tiny gradients then start more slowly than published.

    Example:

    ```python
    from keras_pixda.optimizers import BiasCorrectedAdam

    optimizer = BiasCorrectedAdam(4e-4, beta_2=0.99)
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

    def __init__(self, learning_rate=0.001, epsilon=1e-8, **kwargs):
        super().__init__(learning_rate=learning_rate, epsilon=epsilon, **kwargs)
        if self.amsgrad:
            raise ValueError("BiasCorrectedAdam has no amsgrad: use keras Adam.")

    def update_step(self, gradient, variable, learning_rate):
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
