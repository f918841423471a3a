"""Losses that refuse wrong labels, at once or when a compiled function runs."""

import contextlib
import contextvars
from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from keras_pixda.losses.wrong_labels import (
    NAMED,
    WrongLabelsError,
    has_values,
    wrong_labels,
)
from keras_pixda.typing import Tensor

# Whether the step has looked at its labels, so that its losses need not again.
_SEEN = contextvars.ContextVar("labels have been looked at", default=False)


def refuse_wrong_labels(
    labels: Tensor, num_classes: int, ignore_class: int | None, name: str = "labels"
) -> tuple[Tensor, Tensor]:
    """Raise if a label is wrong: at once, or when the compiled function runs.

    Where the values are at hand it raises here. Inside a `tf.function` an assertion is
    made, which stops it with the same words before anything that is computed from the
    result. XLA drops assertions, and compiled functions of other backends have none.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses.refuse_wrong_labels import refuse_wrong_labels

    labels, wrong = refuse_wrong_labels(np.array([[[0, 1]]]), 2, 255)
    assert not np.any(wrong)
    try:
        refuse_wrong_labels(np.array([[[0, 2]]]), 2, 255)
    except ValueError as error:
        message = str(error)
    assert message.startswith("labels hold [2] in 1 of 2 pixels, expected 0..1")
    ```

    Args:
        labels: Integers or floats of any shape.
        num_classes: Number of classes.
        ignore_class: The label that may be there besides, or `None`.
        name: What the labels are, for the error. Defaults to `"labels"`.

    Returns:
        The labels as a tensor, there once they have been looked at, and
        `wrong_labels` of them.

    Raises:
        WrongLabelsError: If a label is wrong and the values are at hand.
    """
    labels = ops.convert_to_tensor(labels)
    wrong = wrong_labels(labels, num_classes, ignore_class)
    if has_values(wrong):
        if ops.any(wrong):
            found = ops.convert_to_numpy(labels)[ops.convert_to_numpy(wrong)]
            values = np.unique(found)[:NAMED].tolist()
            pixels = int(np.prod(labels.shape))
            raise WrongLabelsError(
                values, found.size, pixels, num_classes, ignore_class, name
            )
    elif keras.backend.backend() == "tensorflow" and not _SEEN.get():
        # TensorFlow alone has it.
        from keras_pixda.losses.label_assertion import after_assertion

        labels = after_assertion(labels, wrong, num_classes, ignore_class, name)
    return labels, wrong


@contextlib.contextmanager
def labels_seen() -> Iterator[None]:
    """Keep losses called meanwhile from making assertions in a `tf.function`."""
    before = _SEEN.set(True)
    try:
        yield
    finally:
        _SEEN.reset(before)
