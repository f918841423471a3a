"""The mean answer for a picture, its mirror image and other sizes of both."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from keras_pixda.layers import resize_logits
from keras_pixda.typing import Tensor


def mean_of_views(
    segmenter: Callable[[Tensor], Tensor],
    images: Tensor,
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
) -> np.ndarray:
    """The logits of the mean probabilities over sizes of images and their mirrorings.

    For each scale the images are resized by it (bilinearly, smoothed where they become
    smaller) and segmented, as they are and, with `flip`, mirrored. The logits of each
    view are turned back, resized to the size of the images and made probabilities by a
    softmax; of these it is the mean. Its logarithm is given back, which stands in for
    logits: its softmax is that mean. Memory is that of a few maps of logits.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.serving.mean_of_views import mean_of_views

    images = np.zeros((1, 64, 96, 3), dtype="uint8")
    segmenter = small_segmenter(num_classes=5, filters=2)
    logits = mean_of_views(segmenter, images, scales=(0.75, 1, 1.25), flip=True)
    assert np.allclose(np.exp(logits).sum(axis=-1), 1, rtol=1e-5)
    ```

    Args:
        segmenter: Function from RGB images `(batch, height, width, 3)`, 0..255, to
            logits `(batch, h, w, classes)`.
        images: Shape `(batch, height, width, 3)`, 0..255.
        scales: Factors of height and width. Defaults to `(1.0,)`.
        flip: Whether to mirror them too. Defaults to `False`.

    Returns:
        A float32 NumPy array of shape `(batch, height, width, classes)`.

    Raises:
        ValueError: If there is no scale, or one is not above 0.
    """
    check_scales(scales)
    images = np.asarray(images)
    size = images.shape[1:3]
    total = 0.0
    for scale in scales:
        scaled = _resized(images, [max(1, round(side * scale)) for side in size])
        for mirrored in (False, True) if flip else (False,):
            logits = segmenter(scaled[:, :, ::-1] if mirrored else scaled)
            if mirrored:
                logits = keras.ops.flip(logits, axis=2)
            probabilities = keras.ops.softmax(resize_logits(logits, size))
            total = total + keras.ops.convert_to_numpy(probabilities)
    total /= len(scales) * (2 if flip else 1)
    # No logarithm of 0: an infinite one would spoil its neighbours in a resize.
    return np.log(np.maximum(total, np.finfo("float32").tiny))


def check_scales(scales: Sequence[float]) -> None:
    """Raise unless all scales are numbers above 0, and there is one."""
    if not scales or not all(0 < scale < np.inf for scale in scales):
        raise ValueError(
            f"scales is {scales!r}, expected numbers above 0, such as 0.75 1 1.25."
        )


def _resized(images, size):
    if tuple(size) == images.shape[1:3]:
        return images
    resized = keras.ops.image.resize(
        images.astype("float32"),
        size,
        interpolation="bilinear",
        antialias=True,
        data_format="channels_last",
    )
    return keras.ops.convert_to_numpy(resized)
