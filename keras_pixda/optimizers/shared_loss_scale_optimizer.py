"""Loss scaling that all replicas agree on."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_pixda.replicas import sum_over_replicas
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class SharedLossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """Loss scaling in float16 that skips a step on all replicas or on none.

    Keras looks for infinite gradients on the first replica only: one that overflows on
    another would be added to the weights. Without a `tf.distribute` strategy this is
    `keras.optimizers.LossScaleOptimizer`.

    Example:

    ```python
    import keras
    from keras_pixda.optimizers import SharedLossScaleOptimizer

    optimizer = SharedLossScaleOptimizer(keras.optimizers.SGD(0.01))
    assert optimizer.scale_loss(2.0) == 2.0 * 32768
    ```

    Args:
        inner_optimizer: The optimizer whose loss is scaled.
        initial_scale: Factor of the loss at the start. Defaults to 32768.
        dynamic_growth_steps: Steps without overflow after which the factor is doubled.
            Defaults to 2000.
        name: Name of the optimizer. Defaults to `None`.
    """

    def check_finite(self, grads: Sequence[Tensor]) -> Tensor:
        """Whether all gradients of all replicas are finite."""
        broken = ops.logical_not(super().check_finite(grads))
        return sum_over_replicas(ops.cast(broken, "float32")) == 0.0
