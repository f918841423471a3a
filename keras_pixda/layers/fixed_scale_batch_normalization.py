"""Batch normalisation with fixed scale and offset."""

import keras


@keras.saving.register_keras_serializable("keras_pixda")
class FixedScaleBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation whose scale and offset are loaded, never trained.

    In training it normalises by the batch and its running statistics move, as in the
    published DeepLabV2; only gamma and beta stay. Setting `trainable = False` freezes
    the statistics as well, as in every Keras batch normalisation.

    Example:

    ```python
    from keras_pixda.layers import FixedScaleBatchNormalization

    layer = FixedScaleBatchNormalization()
    layer.build((None, 8, 8, 4))
    len(layer.trainable_variables)  # 0
    ```

    Args:
        momentum: Of the running statistics. Defaults to 0.9.
        epsilon: Added to the variance. Defaults to 1e-5.
        **kwargs: As in `keras.layers.BatchNormalization`.
    """

    def __init__(self, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)

    def build(self, input_shape):
        """Create the variables and fix gamma and beta."""
        super().build(input_shape)
        self.gamma.trainable = self.beta.trainable = False

    @property
    def trainable(self):
        """Whether the running statistics may move; gamma and beta never do."""
        return keras.layers.BatchNormalization.trainable.fget(self)

    @trainable.setter
    def trainable(self, value):
        keras.layers.BatchNormalization.trainable.fset(self, value)
        if self.built:
            self.gamma.trainable = self.beta.trainable = False
