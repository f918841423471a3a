"""Convolution by paths that are fast on a CPU."""

from typing import Any

import keras
from keras import ops

from keras_pixda.layers.native_gradients import (
    has_fast_gradients,
    has_native_gradients,
)
from keras_pixda.layers.trained_convolution import trained_convolution
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class DilatedConvolution(keras.layers.Conv2D):
    """`keras.layers.Conv2D` of stride 1 and equal padding, faster on a CPU.

    A dilated one with few filters is one product for all taps of its kernel, whose
    results are added shifted: whatever the dilation, no step to a neighbour is read
    from far away. Others are left to TensorFlow's own convolution, where Keras would
    move the pixels of a dilated one into the batch and back. In compiled training steps
    what TensorFlow's kernels lack or are slow at on this processor is computed another
    way: forward as its gradient or that as a convolution, towards the kernel as matrix
    products. Weights, config and results, up to rounding, are those of `Conv2D`.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import DilatedConvolution

    layer = DilatedConvolution(filters=19, kernel_size=3, dilation_rate=6)
    assert layer(np.zeros((1, 17, 33, 256), "float32")).shape == (1, 17, 33, 19)
    ```

    Args:
        filters: Number of filters.
        kernel_size: Side or sides of the kernel, odd.
        padding: `"same"`, the only one. Defaults to `"same"`.
        **kwargs: As in `keras.layers.Conv2D`; no strides, groups or channels first.

    Raises:
        ValueError: If the kernel has an even side, or another option is given.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        padding: str = "same",
        **kwargs: Any,
    ):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        plain = self.padding == "same" and set(self.strides) == {1}
        plain = plain and self.groups == 1 and self.data_format == "channels_last"
        if not plain or not all(side % 2 for side in self.kernel_size):
            raise ValueError(
                f"{self.name!r} takes an odd kernel_size, padding='same', no strides, "
                "no groups and channels last: use keras.layers.Conv2D for others."
            )

    def build(self, input_shape: Any) -> None:
        """Create the weights and choose how to convolve."""
        super().build(input_shape)
        taps = self.kernel_size[0] * self.kernel_size[1]
        # All taps of all filters are no more than what comes in.
        dilated = set(self.dilation_rate) != {1}
        self._by_taps = dilated and taps * self.filters <= input_shape[-1]
        self._natively = has_native_gradients(self.compute_dtype)
        self._by_products = not (self._natively and has_fast_gradients())

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The convolved inputs, of their height and width."""
        outputs = self._convolve(inputs, self.kernel, training)
        if self.use_bias:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def _convolve(self, inputs, kernel, training):
        if self._by_taps:
            return _sum_of_taps(inputs, kernel, self.dilation_rate)
        if not training or keras.backend.backend() != "tensorflow":
            return self.convolution_op(inputs, kernel)
        import tensorflow as tf

        if tf.executing_eagerly():  # Some kernels exist in compiled functions alone.
            return self.convolution_op(inputs, kernel)
        return trained_convolution(
            inputs,
            ops.convert_to_tensor(kernel),
            self.dilation_rate,
            self._natively,
            self._by_products,
        )


def _sum_of_taps(inputs, kernel, dilation):
    """All taps as one product, then the sum of its parts, each shifted to its place."""
    rows, columns, channels, filters = kernel.shape
    taps = ops.transpose(kernel, (2, 0, 1, 3))
    taps = ops.reshape(taps, (1, 1, channels, rows * columns * filters))
    parts = ops.conv(inputs, taps, padding="valid", data_format="channels_last")
    pads = [d * (side // 2) for d, side in zip(dilation, (rows, columns), strict=True)]
    parts = ops.pad(parts, [[0, 0], [pads[0]] * 2, [pads[1]] * 2, [0, 0]])
    height, width = ops.shape(inputs)[1:3]
    total = 0.0
    for row in range(rows):
        for column in range(columns):
            top, left = row * dilation[0], column * dilation[1]
            first = (row * columns + column) * filters
            total += parts[
                :, top : top + height, left : left + width, first : first + filters
            ]
    return total
