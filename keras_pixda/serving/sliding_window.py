"""Large images through overlapping windows."""

import itertools
import math
from collections.abc import Callable, Sequence

import keras
import numpy as np

from keras_pixda.datasets.arguments import as_size
from keras_pixda.layers import resize_logits
from keras_pixda.serving.mean_of_views import check_scales, mean_of_views
from keras_pixda.typing import Size


def sliding_window(
    segmenter: Callable,
    images: np.ndarray,
    window: Size | None = None,
    overlap: float = 0.25,
    flip: bool = False,
    batch_size: int = 4,
    scales: Sequence[float] = (1.0,),
) -> np.ndarray:
    """Logits of images that are too large for one pass, averaged over windows.

    The windows are spread evenly, so that they cover every pixel and overlap by at
    least the given share. A pixel's logits are the mean over the windows that see it,
    weighted by its distance from the edge of each: no seam is left where a window
    ends. Memory is that of one batch of windows and of the averaged logits.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.serving import sliding_window

    segmenter = small_segmenter(num_classes=5, filters=2)
    image = np.zeros((1, 64, 96, 3), dtype="uint8")
    logits = sliding_window(segmenter, image, window=(48, 48))
    assert logits.shape == (1, 64, 96, 5)
    ```

    Args:
        segmenter: Keras model from RGB images `(batch, height, width, 3)`, 0..255, to
            logits `(batch, h, w, classes)`; smaller ones are resized to the window.
        images: Shape `(batch, height, width, 3)`, 0..255.
        window: `(height, width)` of a window in pixels; a side longer than the image
            becomes the image's. Defaults to `None`, the whole image.
        overlap: Smallest share of a window that the next one covers too, from 0 to
            below 1. Defaults to 0.25.
        flip: Whether to average with the mirrored images: the mean of probabilities,
            see `mean_of_views`. Defaults to `False`.
        batch_size: Windows that the segmenter sees at a time. Defaults to 4.
        scales: Factors of height and width that the images are looked at with, through
            windows of the same size; averaged like `flip`. Defaults to `(1.0,)`.

    Returns:
        A float32 NumPy array of shape `(batch, height, width, classes)`; with `flip` or
        other scales the logarithms of mean probabilities.

    Raises:
        ValueError: If the window, the overlap, the batch size or a scale is out of
            range.
    """
    _check(window, overlap, batch_size, scales)

    def once(images):
        return _once(segmenter, images, window, overlap, batch_size)

    if flip or tuple(scales) != (1,):
        return mean_of_views(once, images, scales, flip)
    return once(images)


def _once(segmenter, images, window, overlap, batch_size):
    """Logits averaged over windows alone."""
    images = np.asarray(images)
    number, *size, _ = images.shape
    window = tuple(size) if window is None else tuple(map(min, window, size))
    starts = (_starts(*sides, overlap) for sides in zip(size, window, strict=True))
    corners = list(itertools.product(range(number), *starts))
    weights = np.float32(1.0)  # An image in one window is taken as it is.
    if len(corners) > number:
        weights = np.multiply.outer(*map(_tent, window))[..., None]
    total, seen = None, np.zeros((number, *size, 1), "float32")
    for first in range(0, len(corners), batch_size):
        places = [
            (index, slice(top, top + window[0]), slice(left, left + window[1]))
            for index, top, left in corners[first : first + batch_size]
        ]
        windows = np.stack([images[place] for place in places])
        logits = _logits(segmenter, windows)
        if total is None:
            total = np.zeros((number, *size, logits.shape[-1]), "float32")
        for place, values in zip(places, logits, strict=True):
            total[place] += values * weights
            seen[place] += weights
    total /= seen
    return total


class SlidingWindow:
    """A segmenter that looks at large images through overlapping windows.

    The shell of `sliding_window`: it is called like the segmenter and stands in for it
    wherever one is only asked, such as in `SegmenterEvaluator`.

    Example:

    ```python
    import numpy as np
    from keras_pixda.metrics import ClassIoU, SegmenterEvaluator
    from keras_pixda.models import small_segmenter
    from keras_pixda.serving import SlidingWindow

    segmenter = SlidingWindow(small_segmenter(2, filters=2), window=(32, 32), flip=True)
    batch = np.zeros((1, 48, 64, 3), "uint8"), np.zeros((1, 48, 64), "uint8")
    iou = SegmenterEvaluator(segmenter, ClassIoU(("road", "car"))).iou([batch])
    assert 0 <= iou["road"] <= 1
    ```

    Args:
        segmenter: As in `sliding_window`, and the following.
        window: Defaults to `None`, the whole image.
        overlap: Defaults to 0.25.
        flip: Defaults to `False`.
        batch_size: Defaults to 4.
        scales: Defaults to `(1.0,)`.

    Raises:
        ValueError: If the window, the overlap, the batch size or a scale is out of
            range.
    """

    # Windows are cut and added up outside of any compiled function.
    run_eagerly = True

    def __init__(
        self,
        segmenter: Callable,
        window: Size | None = None,
        overlap: float = 0.25,
        flip: bool = False,
        batch_size: int = 4,
        scales: Sequence[float] = (1.0,),
    ):
        _check(window, overlap, batch_size, scales)
        self.segmenter = segmenter
        self.window = window
        self.overlap = overlap
        self.flip = flip
        self.batch_size = batch_size
        self.scales = scales

    def __call__(self, images: np.ndarray, training: bool = False) -> np.ndarray:
        """Logits of images, float32, as large as the images; only for inference."""
        if training:
            raise ValueError("A sliding window is for inference, received training.")
        return sliding_window(
            self.segmenter,
            images,
            self.window,
            self.overlap,
            self.flip,
            self.batch_size,
            self.scales,
        )


def _check(window, overlap, batch_size, scales):
    check_scales(scales)
    if window is not None:
        as_size(window, "window")
    if not 0 <= overlap < 1:
        raise ValueError(f"overlap is {overlap!r}, expected 0 to below 1.")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size!r}, expected at least 1.")


def _starts(size, window, overlap):
    """First pixels of evenly spread windows that cover `size` pixels."""
    step = max(1, math.floor(window * (1 - overlap)))
    number = 1 + math.ceil((size - window) / step)
    return np.linspace(0, size - window, number).astype(int).tolist()


def _tent(size):
    """Weights that fall towards both ends of a window and are never 0."""
    position = np.arange(size, dtype="float32") + 0.5
    return np.minimum(position, position[::-1]) / size


def _logits(segmenter, images):
    logits = resize_logits(segmenter(images, training=False), images.shape[1:3])
    return keras.ops.convert_to_numpy(logits)
