"""What the losses, metrics and data of a model say about labels, in agreement."""

import typing
import warnings
from typing import Any

import keras

from keras_pixda.losses.as_loss import only_one
from keras_pixda.losses.label_kind import takes_probabilities

# What data sets mark pixels without a label with, where a loss does not say.
USUAL = 255


def loss_weight(weights: Any) -> float | None:
    """The weight of the one loss, from what `compile(loss_weights=...)` takes.

    Example:

    ```python
    from keras_pixda.training.compile_loss import loss_weight

    assert (loss_weight(None), loss_weight(2), loss_weight([0.5])) == (1.0, 2.0, 0.5)
    ```

    Args:
        weights: A number, alone or in a list or dictionary; or `None`.

    Raises:
        ValueError: If there is more than one, or it is no number.
    """
    weight = only_one(weights, "loss_weights")
    if weight is None:
        return 1.0
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise ValueError(
            f"loss_weights is {weights!r}, expected one number, the weight of the "
            "segmentation loss; other terms have a weight of their own, such as "
            "adversarial_weight."
        )
    return float(weight)


def warn_of_probabilities(loss: Any) -> None:
    """Warn of a loss that takes the segmenter's logits for probabilities."""
    if takes_probabilities(loss):
        warnings.warn(
            f"The loss {loss.name!r} takes probabilities, but a segmenter gives "
            "logits: keras.losses.SparseCategoricalCrossentropy(from_logits=True).",
            stacklevel=4,
        )


def check_ignore_class(*objects: Any) -> "Opinion | None":
    """Raise if two of the losses, metrics, callbacks and data disagree.

    Example:

    ```python
    from keras_pixda import ClassIoU, FocalLoss
    from keras_pixda.training.compile_loss import check_ignore_class

    try:
        check_ignore_class(FocalLoss(ignore_class=254), ClassIoU(["a", "b"]))
    except ValueError as error:
        message = str(error)
    assert "the loss 'focal_loss' has 254" in message
    ```

    Args:
        *objects: Whatever may have an `ignore_class`; without one, or with `None`, it
            has no say.

    Returns:
        The first `Opinion`, itself such an object, or `None` if there is none.

    Raises:
        ValueError: That names two of them.
    """
    first = None
    for thing in objects:
        if getattr(thing, "ignore_class", None) is None:
            continue
        first = first or Opinion(_called(thing), thing.ignore_class)
        if thing.ignore_class != first.ignore_class:
            raise ValueError(
                f"ignore_class: {first.called} has {first.ignore_class}, but "
                f"{_called(thing)} has {thing.ignore_class}: give both the same."
            )
    return first


class Opinion(typing.NamedTuple):
    """Which label something ignores, and what it is called in an error."""

    called: str
    ignore_class: int


def _called(thing):
    if isinstance(thing, Opinion):
        return thing.called
    name = getattr(thing, "name", None)
    if isinstance(thing, keras.losses.Loss):
        return f"the loss {name!r}"
    if isinstance(thing, keras.metrics.Metric):
        return f"the metric {name!r}"
    if isinstance(thing, keras.callbacks.Callback):
        return f"the callback {type(thing).__name__}"
    return f"the data set {name!r}"


def records_of(data: Any) -> list:
    """The records of a data set of this package, which know their `ignore_class`."""
    records = [getattr(data, name, None) for name in ("source", "target", "record")]
    return [x for x in records if hasattr(x, "ignore_class")]


def ignored_by(losses: Any) -> int | None:
    """The label that all of some losses ignore, or `None` if any of them ignores none.

    A function may not say what it ignores: then it is what data sets usually mark.

    Example:

    ```python
    import keras
    from keras_pixda import FocalLoss
    from keras_pixda.training.compile_loss import ignored_by

    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert ignored_by([FocalLoss(ignore_class=0)]) == 0
    assert ignored_by([FocalLoss(), sparse]) is None
    ```

    Args:
        losses: Losses from `as_loss`.
    """
    said = [loss.ignore_class for loss in losses if hasattr(loss, "ignore_class")]
    return None if None in said else (said or [USUAL])[0]
