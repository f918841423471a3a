"""Batch normalisation with fixed scale and offset."""

from typing import Any

import keras
from keras import ops

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
        if self._is_slow_forward():
            outputs, mean, variance = _normalised(inputs, scale, offset, self.epsilon)
        else:
            outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs,
                scale=scale,
                offset=offset,
                mean=[],
                variance=[],
                epsilon=self.epsilon,
                is_training=True,
            )
            # The operation gives the unbiased variance, Keras keeps the plain one.
            count = ops.cast(ops.prod(ops.shape(inputs)[:3]), "float32")
            variance *= ops.maximum(count - 1.0, 1.0) / count
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


def _normalised(inputs, scale, offset, epsilon):
    """Forward in plain operations, back by the one that is fast; mean and variance."""
    import tensorflow as tf

    options = {"epsilon": epsilon, "is_training": True, "reserve_space_3": []}

    @tf.custom_gradient
    def normalise(inputs, scale, offset):
        pixels = tf.reshape(inputs, (-1, inputs.shape[-1]))
        mean = tf.reduce_mean(pixels, 0)
        pixels -= mean
        variance = tf.reduce_mean(tf.square(pixels), 0)
        outputs = pixels * (scale * tf.math.rsqrt(variance + epsilon)) + offset

        def gradient(upstream, *_):
            return tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=upstream,
                x=inputs,
                scale=scale,
                reserve_space_1=mean,
                reserve_space_2=variance,
                **options,
            )[:3]

        return (tf.reshape(outputs, tf.shape(inputs)), mean, variance), gradient

    return normalise(inputs, scale, offset)
