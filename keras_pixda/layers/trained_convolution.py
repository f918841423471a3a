"""Convolution in compiled training steps, by what is fast on a CPU."""

from keras_pixda.typing import Tensor


def trained_convolution(
    inputs: Tensor,
    kernel: Tensor,
    dilation: tuple[int, int] = (1, 1),
    natively: bool = True,
    by_products: bool = False,
) -> Tensor:
    """A convolution of stride 1 and equal padding on TensorFlow, fast forward and back.

    What TensorFlow's kernels lack or are slow at is computed another way: forward as
    its gradient or that as a convolution, towards the kernel as matrix products. The
    results are those of `tf.nn.conv2d` up to rounding.

    Example:

    ```python
    import tensorflow as tf
    from keras_pixda.layers.trained_convolution import trained_convolution

    images, kernel = tf.ones((1, 8, 8, 2)), tf.ones((3, 3, 2, 4))
    assert trained_convolution(images, kernel).shape == (1, 8, 8, 4)
    ```

    Args:
        inputs: Maps `(batch, height, width, channels)`.
        kernel: `(rows, columns, channels, filters)`, odd sides.
        dilation: Of rows and columns. Defaults to `(1, 1)`.
        natively: Whether TensorFlow has gradients of it, see `has_native_gradients`.
            Defaults to `True`.
        by_products: Whether to avoid those that are slow without AVX-512. Defaults to
            `False`.

    Returns:
        Maps of the height and width of `inputs`.
    """
    import tensorflow as tf

    options = {"strides": 1, "padding": "SAME", "dilations": dilation}
    if not by_products:
        return tf.nn.conv2d(inputs, kernel, **options)
    if natively and kernel.shape[:2] == (1, 1):
        return pixel_product(inputs, kernel)

    def forward(maps, kernel):
        return tf.nn.conv2d(maps, kernel, **options)

    def backward(maps, kernel):
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.concat([tf.shape(maps)[:3], kernel.shape[2:3]], 0),
            filter=kernel,
            out_backprop=maps,
            strides=[1] * 4,
            padding="SAME",
            dilations=[1, *dilation, 1],
        )

    @tf.custom_gradient
    def convolve(inputs, kernel):
        # Either is the other with the kernel turned round.
        if natively:
            outputs = backward(inputs, _turned(kernel))
        else:
            outputs = forward(inputs, kernel)

        def gradient(upstream):
            if natively:
                to_inputs = backward(upstream, kernel)
            else:
                to_inputs = forward(upstream, _turned(kernel))
            return to_inputs, _kernel_gradient(inputs, upstream, kernel.shape, dilation)

        return outputs, gradient

    return convolve(inputs, kernel)


def pixel_product(inputs: Tensor, kernel: Tensor) -> Tensor:
    """A kernel of one tap as the one matrix product that it is, forward and back."""
    import tensorflow as tf

    channels, filters = kernel.shape[2:]
    kernel = tf.reshape(kernel, (channels, filters))
    pixels = tf.matmul(tf.reshape(inputs, (-1, channels)), kernel)
    return tf.reshape(pixels, tf.concat([tf.shape(inputs)[:3], [filters]], 0))


def _turned(kernel):
    """The kernel that convolves what comes back, each tap transposed on its own."""
    import tensorflow as tf

    rows, columns, channels, filters = kernel.shape
    taps = tf.unstack(tf.reshape(kernel, (-1, channels, filters)))
    taps = [tf.transpose(tap) for tap in reversed(taps)]  # At once takes twice as long.
    return tf.reshape(tf.stack(taps), (rows, columns, filters, channels))


def _kernel_gradient(inputs, upstream, shape, dilation):
    """One matrix product for each row of the kernel, over shifted rows of pixels."""
    import tensorflow as tf

    rows, columns, channels, filters = shape
    height, width = tf.unstack(tf.shape(inputs)[1:3])
    top, left = (d * (side // 2) for d, side in zip(dilation, shape[:2], strict=True))
    inputs = tf.pad(inputs, [[0, 0], [top, top], [left, left], [0, 0]])
    inputs = tf.concat(
        [inputs[:, :, dilation[1] * i :][:, :, :width] for i in range(columns)], -1
    )
    inputs = tf.reshape(inputs, (-1, columns * channels))
    # One image under the other: zeros where rows of two of them would meet.
    upstream = tf.pad(upstream, [[0, 0], [0, 2 * top], [0, 0], [0, 0]])
    upstream = tf.reshape(upstream, (-1, filters))
    count = tf.shape(inputs)[0] - 2 * top * width
    products = [
        tf.matmul(inputs[start : start + count], upstream[:count], transpose_a=True)
        for start in (row * dilation[0] * width for row in range(rows))
    ]
    return tf.reshape(tf.stack(products), shape)
