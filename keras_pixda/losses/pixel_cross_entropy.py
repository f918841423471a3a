"""Cross-entropy of every pixel, the term that the losses of this room share."""

from keras import ops

from keras_pixda.losses.lean_cross_entropy import lean_cross_entropy
from keras_pixda.losses.refuse_wrong_labels import refuse_wrong_labels
from keras_pixda.replicas import number_of_replicas, sum_over_replicas
from keras_pixda.typing import Tensor

# Reductions that take a mean, which here is over labelled pixels.
MEANS = ("sum_over_batch_size", "mean")


def pixel_cross_entropy(
    labels: Tensor, logits: Tensor, ignore_class: int | None = 255
) -> Tensor:
    """Cross-entropy of every pixel against its label, 0 on ignored pixels.

    The map is float32 whatever the logits are. A label that is neither a class nor
    `ignore_class` raises when the values are at hand, and stops a `tf.function` by an
    assertion; in what XLA, JAX or PyTorch compile, where nothing can raise, its pixel
    is NaN: a wrong label is never a silent 0.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import pixel_cross_entropy

    labels = np.array([[[0, 255]]], dtype="uint8")
    logits = np.zeros((1, 1, 2, 4), dtype="float32")
    assert np.allclose(pixel_cross_entropy(labels, logits), [[[np.log(4), 0.0]]])
    ```

    Args:
        labels: Integer classes, shape `(batch, height, width)` or with a trailing 1;
            of any type, if they are whole.
        logits: Scores before softmax, shape `(batch, height, width, classes)`.
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.

    Returns:
        A float32 tensor of shape `(batch, height, width)`, in nats.

    Raises:
        ValueError: If a label is outside `0..classes - 1` and not `ignore_class`, or if
            labels and logits differ in height or width.
    """
    logits = ops.cast(logits, "float32")
    num_classes = logits.shape[-1]
    labels = without_channel(labels)
    check_same_size(labels, logits, "logits")
    labels, unknown = refuse_wrong_labels(labels, num_classes, ignore_class)
    labels = ops.cast(labels, "int32")
    counted = labelled_pixels(labels, ignore_class)
    valid = ops.logical_and(counted, ops.logical_not(unknown))
    safe_labels = ops.where(valid, labels, 0)
    values = lean_cross_entropy(safe_labels, logits)
    values = ops.where(counted, values, 0.0)
    return ops.where(unknown, float("nan"), values)


def standardize_labels(labels: Tensor) -> Tensor:
    """Labels as an int32 tensor of shape `(batch, height, width)`."""
    return ops.cast(without_channel(labels), "int32")


def without_channel(labels: Tensor) -> Tensor:
    """Labels as a tensor of shape `(batch, height, width)`, of the type they have."""
    labels = ops.convert_to_tensor(labels)
    if len(labels.shape) == 4 and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, axis=-1)
    if len(labels.shape) != 3:
        raise ValueError(
            "labels must have the shape (batch, height, width), integer classes, "
            f"but have the shape {tuple(labels.shape)}{one_hot_remedy(labels)}."
        )
    return labels


def one_hot_remedy(labels: Tensor) -> str:
    """What to do with labels that look one-hot, as the end of a sentence."""
    if len(labels.shape) != 4:
        return ""
    return ": if they are one-hot, take keras.ops.argmax(labels, axis=-1)"


def labelled_pixels(labels: Tensor, ignore_class: int | None) -> Tensor:
    """True where a pixel counts, that is, where it is not `ignore_class`."""
    if ignore_class is None:
        return ops.ones_like(labels, dtype="bool")
    return ops.not_equal(labels, ignore_class)


def number_labelled(
    labels: Tensor, ignore_class: int | None, over_replicas: bool = True
) -> Tensor:
    """How many pixels count on all replicas, or on this one, float32."""
    counted = labelled_pixels(standardize_labels(labels), ignore_class)
    # Counted in integers: a float32 sum of ones stops growing at 2 ** 24 pixels.
    number = ops.cast(ops.sum(ops.cast(counted, "int32")), "float32")
    return sum_over_replicas(number) if over_replicas else number


def mean_over_labelled(
    values: Tensor, labels: Tensor, ignore_class: int | None
) -> Tensor:
    """`values` scaled so that their plain mean is the mean over labelled pixels.

    Replicas divide by the labelled pixels of all of them; Keras then divides each mean
    by their number, so that their losses add up to that of the whole batch.
    """
    number = ops.maximum(number_labelled(labels, ignore_class), 1.0)
    size = ops.cast(ops.size(values), "float32") * number_of_replicas()
    return values * (size / number)


def check_same_size(labels: Tensor, tensor: Tensor, name: str) -> None:
    """Raise if `tensor`, channels last, has another height or width than `labels`."""
    expected, actual = labels.shape[1:3], tensor.shape[1:3]
    if any(
        a is not None and b is not None and a != b
        for a, b in zip(expected, actual, strict=True)
    ):
        raise ValueError(
            f"labels are {expected[0]} x {expected[1]} pixels (height x width), but "
            f"{name} are {actual[0]} x {actual[1]}: resize one to the other."
        )
