"""Batch normalisation with fixed scale and offset."""

from typing import Any

import keras

from keras_pixda.layers.batch_normalized import batch_normalized
from keras_pixda.layers.native_gradients import (
    has_fast_gradients,
    has_native_gradients,
)
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class FixedScaleBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation whose scale and offset are loaded, never trained.

    In training it normalises by the batch and its running statistics move, as in the
    published DeepLabV2; only gamma and beta stay. Setting `trainable = False` freezes
    the statistics as well, as in every Keras batch normalisation.

    On TensorFlow images are normalised by one operation, where Keras takes six: half
    the time and a third of the memory. It keeps half precision as it is, and takes its
    statistics in float32. Where oneDNN is slow at it forward, that part alone is plain
    operations.

    Example:

    ```python
    from keras_pixda.layers import FixedScaleBatchNormalization

    layer = FixedScaleBatchNormalization()
    layer.build((None, 8, 8, 4))
    assert layer.trainable_variables == []
    ```

    Args:
        momentum: Of the running statistics. Defaults to 0.9.
        epsilon: Added to the variance. Defaults to 1e-5.
        **kwargs: As in `keras.layers.BatchNormalization`.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs: Any):
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Create the variables and fix gamma and beta."""
        super().build(input_shape)
        self.gamma.trainable = self.beta.trainable = False

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """The normalised inputs."""
        fused = (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and self.scale
            and self.center
            and not self.synchronized
            and not self.renorm
            and self.variable_dtype == "float32"  # All that the operation knows.
            and self.compute_dtype != "float64"
            and mask is None
        )
        if not (fused and training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        scale, offset = (tf.convert_to_tensor(x.value) for x in (self.gamma, self.beta))
        outputs, mean, variance = batch_normalized(
            inputs, scale, offset, self.epsilon, self._is_slow_forward()
        )
        rest = 1.0 - self.momentum
        for moving, batch in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            moving.assign(moving * self.momentum + batch * rest)
        return outputs

    def _is_slow_forward(self):
        """Whether it is that of oneDNN without AVX-512: plain ones are faster."""
        onednn = has_native_gradients("float32")
        return self.compute_dtype == "float32" and onednn and not has_fast_gradients()

    @property
    def trainable(self) -> bool:
        """Whether the running statistics may move; gamma and beta never do."""
        return keras.layers.BatchNormalization.trainable.fget(self)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        keras.layers.BatchNormalization.trainable.fset(self, value)
        if self.built:
            self.gamma.trainable = self.beta.trainable = False
