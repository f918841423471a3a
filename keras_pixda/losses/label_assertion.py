"""The assertion about labels inside a `tf.function`, and the error it becomes."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from keras_pixda.losses.wrong_labels import (
    NAMED,
    WrongLabelsError,
    comparable,
    what_was_expected,
)
from keras_pixda.typing import Tensor

# How TensorFlow shows the assertion below.
SHOWN = re.compile(
    r"\[([\w ]*labels) hold\] \[([^\]]*)\] \[in\] \[(\d+)\] \[of\] \[(\d+)\] "
    r"\[pixels, expected 0\.\.(\d+)(?: or the ignore_class (-?\d+))?"
)


def after_assertion(
    labels: Tensor, wrong: Tensor, num_classes: int, ignore_class: int | None, name: str
) -> Tensor:
    """The labels, there once it is sure that none is wrong."""
    found = describe(labels, wrong)[None]
    checked = assert_right(found, num_classes, ignore_class, name)
    with tf.control_dependencies([checked]):
        return tf.identity(labels)


def describe(labels: Tensor, wrong: Tensor) -> Tensor:
    """Number of wrong labels, of all labels, and the least wrong values, float64.

    Where there are fewer than `NAMED` different values, others are there besides:
    right ones, or some twice.
    """
    numbers = tf.stack([tf.math.count_nonzero(wrong), tf.size(labels, "int64")])
    values = tf.cond(
        numbers[0] > 0,
        lambda: _least(labels, wrong),
        lambda: tf.zeros(NAMED, "float64"),
    )
    return tf.concat([tf.cast(numbers, "float64"), values], axis=0)


def _least(labels, left):
    labels = tf.cast(comparable(labels), "float64")
    value = tf.constant(float("nan"), "float64")
    values = []
    for _ in range(NAMED):
        # NaN is less than nothing: it is named where nothing else is wrong.
        there = tf.where(left & (labels == labels), labels, tf.float64.max)
        least = tf.reduce_min(there)
        value = tf.where(least < tf.float64.max, least, value)
        values.append(value)
        left = left & (labels > value)
    return tf.stack(values)


def assert_right(
    found: Tensor, num_classes: int, ignore_class: int | None, name: str
) -> Any:
    """An operation that fails if any of the descriptions counts a wrong label.

    Args:
        found: What `describe` gives of the parts of the labels, one a row.
        num_classes: Number of classes.
        ignore_class: The label that may be there besides, or `None`.
        name: What the labels are.

    Returns:
        The operation.
    """
    count, pixels = tf.unstack(tf.cast(tf.reduce_sum(found[:, :2], axis=0), "int64"))
    values = tf.reshape(found[:, 2:], [-1])
    # Numbers are not made text here: XLA has no text, though it drops assertions.
    parts = [f"{name} hold", values, "in", count, "of", pixels]
    parts.append(f"pixels, {what_was_expected(num_classes, ignore_class)}")
    # The operation itself: `tf.debugging.Assert` would put it into a branch.
    return tf.raw_ops.Assert(
        condition=tf.equal(count, 0),
        data=[tf.convert_to_tensor(part) for part in parts],
        summarize=1000,
    )


@contextlib.contextmanager
def clear_label_errors() -> Iterator[None]:
    """Make a failed assertion about labels the error that eager code raises.

    Example:

    ```python
    import numpy as np
    import tensorflow as tf
    from keras_pixda.losses import FocalLoss
    from keras_pixda.losses.label_assertion import clear_label_errors

    try:
        with clear_label_errors():
            tf.function(FocalLoss())(tf.fill((1, 2, 2), 9), tf.zeros((1, 2, 2, 3)))
    except ValueError as error:
        message = str(error)
    assert message.startswith("labels hold [9] in 4 of 4 pixels")
    ```

    Raises:
        WrongLabelsError: In place of TensorFlow's `InvalidArgumentError`.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = SHOWN.search(str(error))
        if not found:
            raise
        raise parsed(found) from None


def parsed(found: re.Match) -> WrongLabelsError:
    """The error that a text of `SHOWN` stands for."""
    name, values, count, pixels, last, ignore_class = found.groups()
    num_classes = int(last) + 1
    ignore_class = None if ignore_class is None else int(ignore_class)
    values = map(float, values.split())
    return error_of(values, int(count), int(pixels), num_classes, ignore_class, name)


def error_of(
    values: Iterable[float],
    count: int,
    pixels: int,
    num_classes: int,
    ignore_class: int | None,
    name: str,
) -> WrongLabelsError:
    """The error of described values, of which some are padding."""
    right = {ignore_class, *range(num_classes)}
    values = sorted(set(values) - right)
    # NaN differs from itself.
    values = [x for x in values if x == x] or [float("nan")]
    return WrongLabelsError(values, count, pixels, num_classes, ignore_class, name)
