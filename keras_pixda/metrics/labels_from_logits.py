"""From logits to class ids at label resolution."""

from keras import ops


def labels_from_logits(logits, height, width):
    """Predicted class ids at a given resolution.

    Logits of another size are first resized, bilinearly with half-pixel centres and in
    float32, so that the prediction is compared at the resolution of the labels.

    Example:
    ```python
    import numpy as np
    from keras_pixda.metrics import labels_from_logits

    logits = np.zeros((1, 4, 8, 3), "float16")
    logits[..., 2] = 1
    print(labels_from_logits(logits, height=8, width=16).shape)  # (1, 8, 16)
    ```

    Args:
        logits: Float tensor `(batch, h, w, classes)`, of any float dtype.
        height: Height of the result in pixels.
        width: Width of the result in pixels.

    Returns:
        int32 tensor `(batch, height, width)`.
    """
    logits = ops.convert_to_tensor(logits)
    if not (isinstance(height, int) and isinstance(width, int)):
        # Keras's resize refuses a size that is known only when the function runs.
        logits = ops.cast(logits, "float32")
        logits = _resize_axis(_resize_axis(logits, height, 1), width, 2)
    elif tuple(logits.shape[1:3]) != (height, width):
        logits = ops.image.resize(
            ops.cast(logits, "float32"),
            (height, width),
            interpolation="bilinear",
            data_format="channels_last",
        )
    return ops.cast(ops.argmax(logits, axis=-1), "int32")


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
