"""IoU of each class from a confusion matrix."""

from keras import ops

from keras_pixda.metrics.count_dtype import count_dtype


def iou_from_confusion(matrix):
    """Intersection over union of each class, from a confusion matrix.

    IoU = true positives / (true positives + false positives + false negatives). A
    class that is neither labelled nor predicted anywhere has no IoU and is NaN; one
    that is predicted but never labelled has 0, as in the Cityscapes evaluation.

    Example:
    ```python
    import numpy as np
    from keras_pixda.metrics import iou_from_confusion

    iou = iou_from_confusion(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
    print(iou.numpy())  # [0.75 0.8 nan]
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
            f"A confusion matrix has shape (classes, classes), got {matrix.shape}."
        )
    correct = ops.diagonal(matrix)
    union = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - correct
    # A NaN union, the sign of unknown labels, stays NaN.
    absent = union == 0
    return ops.where(absent, float("nan"), correct / ops.where(absent, 1.0, union))
