"""What a segmenter says of one picture."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from PIL import Image

from keras_pixda.metrics import labels_from_logits


def predicted_labels(
    segmenter: Callable, picture: Image.Image, image_size: Sequence[int] | None = None
) -> np.ndarray:
    """The classes that a segmenter sees in a picture, at the size of the picture.

    Example:

    ```python
    from PIL import Image
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs.predicted_labels import predicted_labels

    picture = Image.new("RGB", (50, 30))
    labels = predicted_labels(small_segmenter(3, filters=2), picture, (32, 48))
    assert labels.shape == (30, 50)
    ```

    Args:
        segmenter: Function from RGB images `(1, height, width, 3)`, 0..255, to logits,
            such as a `keras.Model` or a `SlidingWindow`.
        picture: RGB picture of Pillow.
        image_size: `(height, width)` that it is segmented at. Defaults to `None`, its
            own.

    Returns:
        `uint8` array `(height, width)`.
    """
    width, height = picture.size
    if image_size is not None and tuple(image_size) != (height, width):
        picture = picture.resize(image_size[::-1], Image.Resampling.BICUBIC)
    logits = segmenter(np.asarray(picture)[None])
    if logits.shape[1:3] == (height, width):
        # In NumPy: the logits of a large picture are not copied once more.
        return logits[0].argmax(axis=-1).astype("uint8")
    labels = keras.ops.convert_to_numpy(labels_from_logits(logits, height, width))
    return labels[0].astype("uint8")
