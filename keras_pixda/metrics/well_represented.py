"""Which classes hold many of the labelled pixels."""

from collections.abc import Sequence

import numpy as np


def well_represented(
    pixel_counts: Sequence[int] | np.ndarray,
    classes: Sequence[str],
    threshold: float = 0.04,
) -> tuple[str, ...]:
    """Classes that hold a good share of the labelled pixels.

    The mean IoU over these and over the rest tells whether a method serves the rare
    classes. Count the pixels over the full target training set, not over the shots.

    Example:
    ```python
    from keras_pixda.metrics import well_represented

    well = well_represented([900, 80, 20], ("road", "car", "pole"))
    assert well == ("road", "car")
    ```

    Args:
        pixel_counts: Number of labelled pixels of each class, ignored pixels left out.
        classes: Class names, in the same order.
        threshold: Least share of the labelled pixels, 0..1. Defaults to 0.04.

    Returns:
        Tuple of class names.

    Raises:
        ValueError: If the lengths differ or no pixel is labelled.
    """
    pixel_counts = np.asarray(pixel_counts, "float64")
    if pixel_counts.shape != (len(classes),):
        raise ValueError(
            f"Expected one pixel count for each of the {len(classes)} classes, "
            f"received shape {pixel_counts.shape}."
        )
    if not pixel_counts.sum() > 0:
        raise ValueError("No labelled pixel: all of `pixel_counts` is 0.")
    shares = pixel_counts / pixel_counts.sum()
    return tuple(classes[index] for index in np.flatnonzero(shares >= threshold))
