"""The pixels of each train id in one mask."""

import numpy as np


def count_pixels(labels: np.ndarray) -> np.ndarray:
    """The number of pixels of each train id, those of the ignored one too.

    Example:

    ```python
    import numpy as np
    from keras_pixda.datasets.count_pixels import count_pixels

    counts = count_pixels(np.array([[0, 0, 1, 255]], dtype="uint8"))
    assert counts[:2].tolist() == [2, 1]
    assert counts[255] == 1
    ```

    Args:
        labels: `uint8` array of any shape, as `read_labels` returns them: what an
            ignore mask covers is ignored in them already.

    Returns:
        `int64` array `(256,)`.
    """
    return np.bincount(labels.ravel(), minlength=256)
