"""ClassMix: the pixels of half of a picture's classes, to paste into another one."""

from keras import ops

from keras_pixda.losses.pixel_cross_entropy import standardize_labels
from keras_pixda.typing import Tensor


def half_of_classes(labels: Tensor, scores: Tensor) -> Tensor:
    """Where each picture has one of the classes that are drawn for it.

    Of the n classes that a picture holds, the (n + 1) // 2 with the smallest scores are
    drawn. Pixels without a class never are.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.class_mix import half_of_classes

    labels = np.array([[[0, 0, 2, 255]]])
    drawn = half_of_classes(labels, scores=np.array([[0.9, 0.1, 0.5]]))
    assert np.array_equal(drawn, [[[False, False, True, False]]])
    ```

    Args:
        labels: Integer classes, shape `(batch, height, width)`; others than
            `0..classes - 1` are none.
        scores: A number for each class of each picture, shape `(batch, classes)`;
            evenly random ones draw every half alike.

    Returns:
        A boolean tensor of the shape of `labels`.

    Reference:
        Olsson et al., [ClassMix: Segmentation-Based Data Augmentation for
        Semi-Supervised Learning](https://arxiv.org/abs/2007.07936), WACV 2021.
    """
    labels, scores = standardize_labels(labels), ops.convert_to_tensor(scores)
    classes = scores.shape[-1]
    # Class by class: one-hot labels of large pictures need a lot of memory.
    present = ops.stack(
        [ops.any(ops.equal(labels, label), axis=(1, 2)) for label in range(classes)],
        axis=-1,
    )
    half = (ops.sum(ops.cast(present, "int32"), axis=-1, keepdims=True) + 1) // 2
    order = ops.argsort(ops.where(present, scores, float("inf")), axis=-1)
    rank = ops.argsort(order, axis=-1)
    drawn = ops.logical_and(present, ops.less(ops.cast(rank, "int32"), half))
    known = ops.logical_and(labels >= 0, labels < classes)
    places = ops.reshape(ops.where(known, labels, 0), (ops.shape(labels)[0], -1))
    found = ops.take_along_axis(ops.cast(drawn, "int32"), places, axis=1)
    return ops.logical_and(known, ops.reshape(found > 0, ops.shape(labels)))


def pasted(mask: Tensor, above: Tensor, below: Tensor) -> Tensor:
    """The pixels of `above` where the mask is true, of `below` elsewhere.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.class_mix import pasted

    mask = np.array([[[True, False]]])
    images = pasted(mask, np.ones((1, 1, 2, 3)), np.zeros((1, 1, 2, 3)))
    assert np.array_equal(images[0, 0, :, 0], [1.0, 0.0])
    ```

    Args:
        mask: Boolean, shape `(batch, height, width)`, or `(batch,)` for whole images.
        above: Images `(batch, height, width, channels)`, or labels or weights
            `(batch, height, width)`.
        below: The same.
    """
    while len(mask.shape) < len(above.shape):
        mask = mask[..., None]
    return ops.where(mask, above, below)
