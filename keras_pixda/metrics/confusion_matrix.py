"""Counts of pixels by labelled and predicted class."""

import keras
from keras import ops

from keras_pixda.metrics.count_dtype import count_dtype
from keras_pixda.typing import Tensor

# Label values that an error can name: all of uint8 and int8.
LOWEST_NAMED, HIGHEST_NAMED = -128, 255
_NAMED = HIGHEST_NAMED - LOWEST_NAMED + 1
_OTHER_LABEL, _PREDICTION, _IGNORED = _NAMED, _NAMED + 1, _NAMED + 2
# How many counters `count_pixels` keeps for pixels that fit no class.
UNKNOWN_COUNTERS = _NAMED + 2


def confusion_matrix(
    labels: Tensor,
    predictions: Tensor,
    num_classes: int,
    ignore_class: int | None = 255,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """Count how often each class was predicted for each labelled class.

    Pixels labelled `ignore_class` are left out. The counts are float64, exact up to
    2**53 pixels; under JAX float32 with seven digits, unless `jax_enable_x64` is set.
    A label or prediction outside `0..num_classes - 1` is an error; where
    an error cannot be raised, inside a compiled function, the whole matrix is NaN.

    Example:
    ```python
    import numpy as np
    from keras_pixda.metrics import confusion_matrix

    matrix = confusion_matrix([0, 0, 1, 255], [0, 1, 1, 0], num_classes=2)
    assert np.array(matrix).tolist() == [[1, 1], [0, 1]]
    ```

    Args:
        labels: Integers of any shape, class ids or `ignore_class`.
        predictions: Integers of the same shape, class ids.
        num_classes: How many classes there are.
        ignore_class: Label value that is not counted, or `None`. Defaults to 255.
        sample_weight: What a pixel counts, of a shape that broadcasts to that of
            `labels`; a vector holds one weight for each first index (image).
            Defaults to 1.

    Returns:
        float64 tensor `(num_classes, num_classes)`: row = label, column = prediction.

    Raises:
        ValueError: If a value is neither a class nor `ignore_class`.
    """
    matrix, unknown = count_pixels(
        labels, predictions, num_classes, ignore_class, sample_weight
    )
    raise_if_unknown(unknown, num_classes, ignore_class)
    return nan_if_unknown(matrix, unknown)


def count_pixels(
    labels: Tensor,
    predictions: Tensor,
    num_classes: int,
    ignore_class: int | None = 255,
    sample_weight: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Count pixels by class pair, and beside it those that fit no class.

    Args:
        labels: As in `confusion_matrix`.
        predictions: As in `confusion_matrix`.
        num_classes: As in `confusion_matrix`.
        ignore_class: As in `confusion_matrix`.
        sample_weight: As in `confusion_matrix`.

    Returns:
        The float64 matrix and the float64 counters `(UNKNOWN_COUNTERS,)` of values
        that are neither a class nor `ignore_class`.
    """
    labels = ops.cast(labels, "int32")
    predictions = ops.cast(predictions, "int32")
    dtype = count_dtype()
    if sample_weight is None:
        # A float32 sum of ones stops growing at 2 ** 24 pixels.
        counting = "int32" if dtype == "float32" else dtype
        weights = ops.ones_like(labels, dtype=counting)
    else:
        weights = ops.cast(sample_weight, dtype)
        if len(weights.shape) == 1 and len(labels.shape) > 1:
            weights = ops.reshape(weights, (-1,) + (1,) * (len(labels.shape) - 1))
        weights = ops.broadcast_to(weights, ops.shape(labels))

    def within(values, lowest, highest):
        return ops.logical_and(values >= lowest, values <= highest)

    pairs = num_classes**2
    named = within(labels, LOWEST_NAMED, HIGHEST_NAMED)
    cell = ops.where(
        within(labels, 0, num_classes - 1),
        ops.where(
            within(predictions, 0, num_classes - 1),
            labels * num_classes + predictions,
            pairs + _PREDICTION,
        ),
        pairs + ops.where(named, labels - LOWEST_NAMED, _OTHER_LABEL),
    )
    if ignore_class is not None:
        cell = ops.where(labels == ignore_class, pairs + _IGNORED, cell)
    counts = _sum_by_cell(
        ops.reshape(weights, (-1,)), ops.reshape(cell, (-1,)), pairs + _IGNORED + 1
    )
    counts = ops.cast(counts, dtype)
    matrix = ops.reshape(counts[:pairs], (num_classes, num_classes))
    return matrix, counts[pairs : pairs + UNKNOWN_COUNTERS]


def _sum_by_cell(weights, cell, cells):
    """Sum of the weights of each cell."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Ten times as fast there; a GPU has no deterministic one.
        if not tf.config.list_logical_devices("GPU"):
            return tf.raw_ops.DenseBincount(input=cell, size=cells, weights=weights)
    # Not `ops.bincount`: XLA, the default on a GPU, compiles it anew for every batch.
    return ops.segment_sum(weights, cell, cells)


def raise_if_unknown(
    unknown: Tensor, num_classes: int, ignore_class: int | None
) -> None:
    """Raise an error that names the values counted in `unknown`, if there are any.

    Args:
        unknown: Counters from `count_pixels`. Symbolic ones are let pass.
        num_classes: How many classes there are.
        ignore_class: Label value that is not counted, or `None`.

    Raises:
        ValueError: If a counter is not 0.
    """
    try:
        if not bool(ops.any(unknown > 0)):
            return
    except TypeError:  # Symbolic: the values are not known yet.
        return
    counts = ops.convert_to_numpy(unknown)
    expected = f"0..{num_classes - 1}"
    problems = []
    values = [
        f"{value} ({counts[value - LOWEST_NAMED]:g} pixels)"
        for value in range(LOWEST_NAMED, HIGHEST_NAMED + 1)
        if counts[value - LOWEST_NAMED]
    ]
    if counts[_OTHER_LABEL]:
        values.append(
            f"below {LOWEST_NAMED} or above {HIGHEST_NAMED} "
            f"({counts[_OTHER_LABEL]:g} pixels)"
        )
    if values:
        problems.append(
            f"Labels hold values that are neither a class ({expected}) nor "
            f"ignore_class ({ignore_class}): {', '.join(values)}"
        )
    if counts[_PREDICTION]:
        problems.append(
            f"Predictions hold class ids outside {expected} "
            f"({counts[_PREDICTION]:g} pixels)"
        )
    raise ValueError(". ".join(problems) + ".")


def nan_if_unknown(values: Tensor, unknown: Tensor) -> Tensor:
    """Turn `values` into NaN where a wrong label could not raise an error.

    Args:
        values: Tensor of floats.
        unknown: Counters from `count_pixels`.

    Returns:
        `values`, or NaN of the same shape if a counter is not 0.
    """
    return ops.where(ops.any(unknown > 0), ops.full_like(values, float("nan")), values)
