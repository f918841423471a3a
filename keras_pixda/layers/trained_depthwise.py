"""Depthwise convolution in compiled training steps, by what is fast on a CPU."""

from keras_pixda.typing import Tensor

# oneDNN's own kernel for depthwise gradients takes so many columns at most; wider ones
# go to that of plain convolutions, up to 25 times as slow.
WIDEST = 3


def trained_depthwise(inputs: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """A depthwise convolution with equal padding on TensorFlow, fast back as well.

    The gradient towards a wide kernel is taken in parts of a few columns. Results are
    those of `tf.nn.depthwise_conv2d` up to rounding.

    Example:

    ```python
    import tensorflow as tf
    from keras_pixda.layers.trained_depthwise import trained_depthwise

    maps, kernel = tf.ones((1, 8, 9, 2)), tf.ones((5, 5, 2, 1))
    assert trained_depthwise(maps, kernel, stride=2).shape == (1, 4, 5, 2)
    ```

    Args:
        inputs: Maps `(batch, height, width, channels)`.
        kernel: `(rows, columns, channels, multiplier)`.
        stride: Of rows and columns. Defaults to 1.

    Returns:
        Maps `(batch, height / stride, width / stride, channels * multiplier)`, sizes
        rounded up.
    """
    import tensorflow as tf

    options = {"strides": [1, stride, stride, 1], "padding": "SAME"}
    if kernel.shape[1] <= WIDEST:
        return tf.nn.depthwise_conv2d(inputs, kernel, **options)

    @tf.custom_gradient
    def convolve(inputs, kernel):
        outputs = tf.nn.depthwise_conv2d(inputs, kernel, **options)

        def gradient(upstream):
            to_inputs = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                input_sizes=tf.shape(inputs),
                filter=kernel,
                out_backprop=upstream,
                **options,
            )
            return to_inputs, _kernel_gradient(inputs, upstream, kernel.shape, stride)

        return outputs, gradient

    return convolve(inputs, kernel)


def _kernel_gradient(inputs, upstream, shape, stride):
    """The gradients of some columns of the kernel each, side by side."""
    import tensorflow as tf

    rows, columns, channels, multiplier = shape
    height, width = tf.unstack(tf.shape(upstream)[1:3])
    # What equal padding adds; where a stride leaves rows over, they are cut off.
    needed = [(height - 1) * stride + rows, (width - 1) * stride + columns]
    sides = tf.unstack(tf.shape(inputs)[1:3])
    added = [tf.maximum(n - side, 0) for n, side in zip(needed, sides, strict=True)]
    pads = [[0, 0], *([a // 2, a - a // 2] for a in added), [0, 0]]
    inputs = tf.pad(inputs, pads)[:, : needed[0]]
    parts = []
    for first in range(0, columns, WIDEST):
        count = min(WIDEST, columns - first)
        seen = inputs[:, :, first : first + (width - 1) * stride + count]
        parts.append(
            tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=seen,
                filter_sizes=(rows, count, channels, multiplier),
                out_backprop=upstream,
                strides=[1, stride, stride, 1],
                padding="VALID",
            )
        )
    return tf.concat(parts, 1)
