"""Aligned resizing inside functional models, in nothing but Keras's own operations."""

import keras
from keras import ops

from keras_pixda.typing import Tensor


def resized_like(
    images: Tensor,
    reference: Tensor,
    name: str,
    dtype: str | None = None,
    half_pixels: bool = False,
) -> Tensor:
    """Resize a symbolic map to the size of another, as `AlignedResize` does.

    The numbers are those of `AlignedResize`, but the model is made of operations that
    come with Keras: a file of it is loaded where this package is not installed.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.layers import resized_like

    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(5, 3, strides=2)(images)
    model = keras.Model(images, resized_like(x, images, name="logits"))
    assert model(np.zeros((1, 33, 47, 3))).shape == (1, 33, 47, 5)
    ```

    Args:
        images: Symbolic map `(batch, height, width, channels)`.
        reference: Symbolic map whose height and width are wanted.
        name: Name of the layer, a small `keras.Model`.
        dtype: Of the result. Defaults to `None`, that of `images`.
        half_pixels: Whether pixels are areas, as in `keras.ops.image.resize`, rather
            than points whose corners are aligned. Defaults to `False`.

    Returns:
        The symbolic result.
    """
    x = keras.Input(images.shape[1:], dtype=images.dtype, name="map")
    like = keras.Input(reference.shape[1:], dtype=reference.dtype, name="reference")
    y = x if dtype in (None, images.dtype) else ops.cast(x, dtype)
    rows, columns = (
        ops.cast(_weights(like, x, axis, half_pixels), y.dtype) for axis in (1, 2)
    )
    # Not as one wide product: a reshape of unknown height and width has no symbol.
    y = ops.matmul(rows, ops.transpose(y, (0, 2, 1, 3)))
    y = ops.matmul(columns, ops.transpose(y, (0, 2, 1, 3)))
    return keras.Model([x, like], y, name=name)((images, reference))


def _weights(new, old, axis, half_pixels):
    """Interpolation weights, shape `(new, old)`: two neighbours a row."""
    new, old = _positions(new, axis), _positions(old, axis)
    if half_pixels:
        scale = (ops.max(old) + 1.0) / (ops.max(new) + 1.0)
        position = ops.maximum((new + 0.5) * scale - 0.5, 0.0)
        position = ops.minimum(position, ops.max(old))
    else:
        position = new * (ops.max(old) / ops.maximum(ops.max(new), 1.0))
    distance = ops.abs(ops.expand_dims(position, 1) - ops.expand_dims(old, 0))
    return ops.stop_gradient(ops.relu(1.0 - distance))


def _positions(images, axis):
    """0, 1, ... along an axis whose length is known only when the model runs."""
    line = images[:, :, :1, :1] if axis == 1 else images[:, :1, :, :1]
    # A sum, as a batch may be empty: on a replica for which nothing is left.
    line = ops.sum(line, axis=[i for i in range(4) if i != axis])
    return ops.cumsum(ops.ones_like(line, dtype="float32")) - 1.0
