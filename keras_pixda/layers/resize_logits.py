"""Bilinear resizing of logits to any size, known now or only when the graph runs."""

from collections.abc import Sequence

from keras import ops

from keras_pixda.typing import Tensor


def resize_logits(logits: Tensor, size: Sequence) -> Tensor:
    """Logits resized bilinearly, half-pixel centres, in float32.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import resize_logits

    logits = np.zeros((1, 4, 8, 3), "float16")
    assert resize_logits(logits, (16, 32)).shape == (1, 16, 32, 3)
    ```

    Args:
        logits: Shape `(batch, h, w, classes)`, any float dtype.
        size: Wanted `(height, width)`, integers or scalar tensors.

    Returns:
        A float32 tensor of shape `(batch, height, width, classes)`.
    """
    logits = ops.cast(logits, "float32")
    height, width = size
    if not (isinstance(height, int) and isinstance(width, int)):
        # Keras's resize refuses a size that is known only when the function runs.
        return _resize_axis(_resize_axis(logits, height, 1), width, 2)
    if tuple(logits.shape[1:3]) == (height, width):
        return logits
    return ops.image.resize(
        logits,
        (height, width),
        interpolation="bilinear",
        data_format="channels_last",
    )


def _resize_axis(tensor, size, axis):
    old_size = ops.shape(tensor)[axis]
    scale = ops.cast(old_size, "float32") / ops.cast(size, "float32")
    position = (ops.arange(size, dtype="float32") + 0.5) * scale - 0.5
    position = ops.clip(position, 0.0, ops.cast(old_size - 1, "float32"))
    low = ops.cast(ops.floor(position), "int32")
    high = ops.minimum(low + 1, old_size - 1)
    share = position - ops.cast(low, "float32")
    share = ops.reshape(share, (-1,) + (1,) * (len(tensor.shape) - 1 - axis))
    low, high = ops.take(tensor, low, axis=axis), ops.take(tensor, high, axis=axis)
    return low + (high - low) * share
