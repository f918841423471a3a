"""IoU of each class from a confusion matrix."""

from keras import ops

from keras_pixda.metrics.count_dtype import count_dtype
from keras_pixda.typing import Tensor


def iou_from_confusion(matrix: Tensor) -> Tensor:
    """Intersection over union of each class, from a confusion matrix.

    IoU = true positives / (true positives + false positives + false negatives). A
    class without a labelled pixel has no IoU and is NaN, whatever was predicted: a
    pixel wrongly given to it counts against its true class alone. The mean then is over
    the same classes for every method. `keras.metrics.MeanIoU` and cityscapesScripts
    agree where every class is labelled; they count one that is only predicted as 0, and
    so average over more classes for the method that predicts it.

    Example:
    ```python
    import numpy as np
    from keras_pixda.metrics import iou_from_confusion

    iou = iou_from_confusion(np.array([[3, 1, 0], [0, 4, 1], [0, 0, 0]]))
    assert np.allclose(iou, [3 / 4, 4 / 6, np.nan], equal_nan=True)
    ```

    Args:
        matrix: Counts `(classes, classes)`: row = label, column = prediction.

    Returns:
        float64 tensor `(classes,)`, values in 0..1 or NaN.

    Raises:
        ValueError: If `matrix` is not square.
    """
    matrix = ops.cast(matrix, count_dtype())
    if len(matrix.shape) != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"A confusion matrix has shape (classes, classes), received {matrix.shape}."
        )
    correct, labelled = ops.diagonal(matrix), ops.sum(matrix, axis=1)
    union = ops.sum(matrix, axis=0) + labelled - correct
    # A NaN union, the sign of unknown labels, stays NaN.
    absent = labelled == 0
    return ops.where(absent, float("nan"), correct / ops.where(absent, 1.0, union))
