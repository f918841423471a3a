"""Labels that are neither a class nor ignored: found and named."""

import sys
from collections.abc import Sequence

import keras
from keras import ops

from keras_pixda.typing import Tensor

# How many different values an error names.
NAMED = 10


class WrongLabelsError(ValueError):
    """Labels that are no class: which values, in how many pixels, what was expected.

    Example:

    ```python
    from keras_pixda.losses.wrong_labels import WrongLabelsError

    text = str(WrongLabelsError([9], 4, 16, 3, 255))
    assert text.startswith("labels hold [9] in 4 of 16 pixels, expected 0..2")
    ```

    Args:
        values: Some of the values.
        count: Number of pixels that hold such values.
        pixels: Number of all pixels.
        num_classes: Number of classes.
        ignore_class: The label that may be there besides, or `None`.
        name: What the labels are. Defaults to `"labels"`.
    """

    def __init__(
        self,
        values: Sequence[float],
        count: int,
        pixels: int,
        num_classes: int,
        ignore_class: int | None,
        name: str = "labels",
    ):
        shown = ", ".join(f"{value:.15g}" for value in values)
        text = (
            f"{name} hold [{shown}] in {count} of {pixels} pixels, "
            f"{what_was_expected(num_classes, ignore_class)}"
        )
        if 255 in values and ignore_class is None:
            text += " If 255 marks pixels to ignore, give the loss ignore_class=255."
        if any(value % 1 for value in values):  # NaN as well.
            text += " They are not whole: resize masks by the nearest pixel."
        super().__init__(text)


def what_was_expected(num_classes: int, ignore_class: int | None) -> str:
    """What labels may be, and the remedy, as the end of a sentence."""
    ignored = "" if ignore_class is None else f" or the ignore_class {ignore_class}"
    return (
        f"expected 0..{num_classes - 1}{ignored}: map the ids of the masks to classes "
        "first."
    )


def wrong_labels(labels: Tensor, num_classes: int, ignore_class: int | None) -> Tensor:
    """True where a label is neither a class nor `ignore_class`.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses.wrong_labels import wrong_labels

    wrong = wrong_labels(np.array([0, 1.5, 2, 255, np.nan]), 2, 255)
    assert np.array(wrong).tolist() == [False, True, True, False, True]
    ```

    Args:
        labels: Integers or floats of any shape.
        num_classes: Number of classes.
        ignore_class: The label that may be there besides, or `None`.

    Returns:
        A boolean tensor of the shape of `labels`.
    """
    labels = comparable(labels)
    right = ops.logical_and(labels >= 0, labels < num_classes)
    if keras.backend.is_float_dtype(labels.dtype):
        right = ops.logical_and(right, ops.equal(labels, ops.floor(labels)))
    if ignore_class is not None:
        right = ops.logical_or(right, ops.equal(labels, ignore_class))
    return ops.logical_not(right)


def comparable(labels: Tensor) -> Tensor:
    """Labels in a type that any class and any `ignore_class` can be compared in."""
    labels = ops.convert_to_tensor(labels)
    dtype = keras.backend.standardize_dtype(labels.dtype)
    if dtype in ("bool", "int8", "uint8", "int16", "uint16"):
        return ops.cast(labels, "int32")
    if dtype in ("float16", "bfloat16"):
        return ops.cast(labels, "float32")
    return ops.cast(labels, "int64") if dtype.startswith("uint") else labels


def has_values(tensor: Tensor) -> bool:
    """Whether the values of a tensor are at hand, or it stands for one to come."""
    if isinstance(tensor, keras.KerasTensor):
        return False
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return hasattr(tensor, "numpy")
    if backend == "jax":
        import jax

        return not isinstance(tensor, jax.core.Tracer)
    if backend == "torch":
        torch = sys.modules["torch"]  # There, since Keras works with it.
        return tensor.device.type != "meta" and not torch.compiler.is_compiling()
    return True
