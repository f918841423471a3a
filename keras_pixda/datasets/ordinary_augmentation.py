"""The augmentation that settings offer."""

from collections.abc import Callable
from typing import Any

from keras_pixda.datasets.augmentation import augmentation


def ordinary_augmentation(wanted: bool = True) -> Callable[..., Any] | None:
    """Flips, zooms by half to twice and colours, as the settings offer them.

    Example:
    ```python
    import numpy as np

    from keras_pixda.datasets.ordinary_augmentation import ordinary_augmentation

    augment = ordinary_augmentation()
    image, labels = np.zeros((8, 12, 3), "uint8"), np.zeros((8, 12), "uint8")
    assert augment(image, labels, seed=0)[0].shape == (8, 12, 3)
    assert ordinary_augmentation(False) is None
    ```

    Args:
        wanted: Whether to augment at all. Defaults to `True`.

    Returns:
        What the data sets take as `augmentation`.
    """
    if not wanted:
        return None
    return augmentation(flip=True, scale=(0.5, 2.0), colour=0.5)
