"""Bilinear resizing with aligned corners."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_pixda.typing import Tensor


def aligned_resize(images: Tensor, size: Sequence) -> Tensor:
    """Resize bilinearly so that the corner pixels stay corner pixels.

    Written as two matrix products: it compiles under XLA, exports with dynamic sizes
    and has a cheap gradient.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import aligned_resize

    row = np.array([0.0, 1.0], dtype="float32").reshape(1, 1, 2, 1)
    assert np.ravel(aligned_resize(row, (1, 3))).tolist() == [0.0, 0.5, 1.0]
    ```

    Args:
        images: Shape `(batch, height, width, channels)`.
        size: Wanted `(height, width)`, integers or scalar tensors.

    Returns:
        A tensor of shape `(batch, *size, channels)` and the dtype of `images`.
    """
    images = ops.convert_to_tensor(images)
    batch, height, width, channels = ops.shape(images)
    rows = ops.cast(_weights(size[0], height), images.dtype)
    columns = ops.cast(_weights(size[1], width), images.dtype)
    images = ops.matmul(rows, ops.reshape(images, (batch, height, width * channels)))
    images = ops.reshape(images, (-1, width, channels))
    images = ops.matmul(columns, images)
    return ops.reshape(images, (batch, size[0], size[1], channels))


def _weights(new, old):
    """Interpolation weights, shape `(new, old)`: two neighbours a row."""
    last = ops.cast(ops.maximum(new - 1, 1), "float32")
    position = ops.arange(new, dtype="float32") * (ops.cast(old - 1, "float32") / last)
    distance = ops.abs(position[:, None] - ops.arange(old, dtype="float32")[None])
    return ops.maximum(1.0 - distance, 0.0)


@keras.saving.register_keras_serializable("keras_pixda")
class AlignedResize(keras.layers.Layer):
    """Resize a map to the height and width of a reference, corners aligned.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import AlignedResize

    logits, images = np.zeros((1, 9, 17, 5)), np.zeros((1, 64, 128, 3))
    assert AlignedResize()((logits, images)).shape == (1, 64, 128, 5)
    ```

    Args:
        **kwargs: As in `keras.layers.Layer`.
    """

    def build(self, input_shape: Any) -> None:
        """Nothing to build: the layer has no weights."""
        self.built = True

    def call(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        """The first of the pair, at the size of the second."""
        images, reference = inputs
        return aligned_resize(images, ops.shape(reference)[1:3])

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """Batch and channels of the first input, height and width of the second."""
        images, reference = input_shape
        return (images[0], *reference[1:3], images[3])
