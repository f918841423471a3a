"""What `compile(loss=...)` may be given, as one `keras.losses.Loss`."""

import inspect
from collections.abc import Callable
from typing import Any

import keras

from keras_pixda.losses.distillation import DistillationLoss, distillation_loss
from keras_pixda.losses.entropy import EntropyLoss, entropy_loss
from keras_pixda.losses.focal import FocalLoss, focal_loss
from keras_pixda.losses.pix_adv import PixAdvLoss, pix_adv_loss
from keras_pixda.losses.pixel_cross_entropy import pixel_cross_entropy
from keras_pixda.private_keras import leaves_pixels_out
from keras_pixda.typing import Tensor

# Losses of this package that go by name, as those of Keras do.
NAMED = {
    loss.__name__: loss
    for loss in (
        *(DistillationLoss, EntropyLoss, FocalLoss, PixAdvLoss, distillation_loss),
        *(entropy_loss, focal_loss, pix_adv_loss, pixel_cross_entropy),
    )
} | dict.fromkeys(("crossentropy", "ce"), keras.losses.sparse_categorical_crossentropy)


def as_loss(loss: Any) -> keras.losses.Loss | None:
    """A `keras.losses.Loss` that means what `loss` means in `keras.Model.compile`.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import focal_loss
    from keras_pixda.losses.as_loss import as_loss

    labels, logits = np.array([[[0, 255]]]), np.zeros((1, 1, 2, 2))
    assert abs(float(as_loss("FocalLoss")(labels, logits)) - 0.1733) < 1e-4
    assert abs(float(as_loss(focal_loss)(labels, logits)) - 0.0866) < 1e-4
    ```

    Args:
        loss: A `keras.losses.Loss` or a class of it; a function of labels and
            predictions, of whose values the mean is taken; or the name of one in this
            package or in Keras, or one registered with
            `keras.saving.register_keras_serializable`. Inside a list or dictionary
            for the one output, it is the only one.

    Returns:
        The loss, or `None` for `None`.

    Raises:
        ValueError: If it is something else.
    """
    loss = only_one(loss)
    if isinstance(loss, str):
        found = NAMED.get(loss) or keras.saving.get_registered_object(loss)
        loss = found or loss
    try:
        loss = keras.losses.get(loss)
    except ValueError as error:
        raise ValueError(
            f"The loss {loss!r} is not known, expected a keras.losses.Loss, a function "
            f"of labels and logits, or a name as in Keras or of {sorted(NAMED)}."
        ) from error
    if loss is None or isinstance(loss, keras.losses.Loss):
        return loss
    return FunctionLoss(loss)


def only_one(loss: Any, what: str = "loss") -> Any:
    """The loss, or the weight of it, in a list or dictionary of one."""
    if isinstance(loss, dict) and "class_name" not in loss:
        loss = list(loss.values())
    if not isinstance(loss, list | tuple):
        return loss
    if len(loss) != 1:
        raise ValueError(
            f"{what} holds {len(loss)} entries, but there is one output: give one. A "
            "function may add several losses up."
        )
    return only_one(loss[0], what)


class FunctionLoss(keras.losses.Loss):
    """The mean of what a function gives, as Keras takes it in `compile`.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.losses.as_loss import FunctionLoss

    loss = FunctionLoss(keras.losses.mean_squared_error)
    assert float(loss(np.ones((2, 3)), np.zeros((2, 3)))) == 1.0
    ```

    Args:
        function: Of labels and predictions. Its attribute `ignore_class`, or else the
            default of its argument of that name, says which label it does not count.
    """

    counts_over_replicas = False

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]):
        name = getattr(function, "__name__", type(function).__name__)
        super().__init__(name=name, dtype="float32")
        self.function = function
        self.masks = False
        default = default_of(function, "ignore_class")
        ignore_class = getattr(function, "ignore_class", default)
        if ignore_class is not inspect.Parameter.empty:
            self.ignore_class = ignore_class

    @property
    def average_over(self) -> str:
        """Whether the mean is over `"labelled"` pixels or `"all"`."""
        return "labelled" if self.masks else "all"

    def call(self, labels: Tensor, predictions: Tensor) -> Tensor:
        """Values of the function."""
        values = self.function(labels, predictions)
        # So Keras's cross-entropy says which pixels its mean is taken over.
        self.masks = leaves_pixels_out(values)
        return values


def default_of(function: Any, argument: str) -> Any:
    """The default of a function's argument, also one that `functools.partial` set."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return inspect.Parameter.empty
    if argument not in parameters:
        return inspect.Parameter.empty
    return parameters[argument].default
