"""From logits to class ids at label resolution."""

import keras
from keras import ops

from keras_pixda.layers import resize_logits
from keras_pixda.typing import Tensor


def labels_from_logits(logits: Tensor, height: int, width: int) -> Tensor:
    """Predicted class ids at a given resolution.

    Logits of another size are first resized, bilinearly with half-pixel centres and in
    float32, so that the prediction is compared at the resolution of the labels.

    Example:
    ```python
    import numpy as np
    from keras_pixda.metrics import labels_from_logits

    logits = np.zeros((1, 4, 8, 3), "float16")
    logits[..., 2] = 1
    labels = np.array(labels_from_logits(logits, height=8, width=16))
    assert labels.shape == (1, 8, 16) and (labels == 2).all()
    ```

    Args:
        logits: Float tensor `(batch, h, w, classes)`, of any float dtype.
        height: Height of the result in pixels.
        width: Width of the result in pixels.

    Returns:
        int32 tensor `(batch, height, width)`.
    """
    logits = resize_logits(logits, (height, width))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Keras's own looks for negative zeros first, which takes as long again.
        return tf.argmax(logits, axis=-1, output_type="int32")
    return ops.cast(ops.argmax(logits, axis=-1), "int32")
