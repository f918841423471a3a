"""Pixels that are given to classes which no mask holds."""

from keras import ops

from keras_pixda.metrics.count_dtype import count_dtype
from keras_pixda.typing import Tensor


def absent_share(matrix: Tensor) -> Tensor:
    """Share of the labelled pixels that are given to classes without any.

    Such a class has no IoU, see `iou_from_confusion`; this tells how much went there.

    Example:
    ```python
    import numpy as np
    from keras_pixda.metrics import absent_share

    share = absent_share(np.array([[3, 1, 0], [0, 4, 2], [0, 0, 0]]))
    assert np.isclose(share, 0.2)  # 2 of 10 pixels.
    ```

    Args:
        matrix: Counts `(classes, classes)`: row = label, column = prediction.

    Returns:
        Scalar of `count_dtype()`, 0..1; 0 if no pixel is labelled.
    """
    matrix = ops.cast(matrix, count_dtype())
    absent = ops.sum(matrix, axis=1) == 0
    given = ops.sum(ops.where(absent, ops.sum(matrix, axis=0), 0.0))
    total = ops.sum(matrix)
    return given / ops.where(total == 0, 1.0, total)
