"""Which losses take integer labels and which want them one-hot."""

import inspect
from typing import Any

import keras

from keras_pixda.losses.as_loss import default_of
from keras_pixda.losses.pixel_cross_entropy import without_channel
from keras_pixda.typing import Tensor

# Losses of Keras that compare element by element: labels are shaped as predictions.
_FUNCTIONS = (
    *("categorical_crossentropy", "categorical_focal_crossentropy", "dice", "tversky"),
    *("binary_crossentropy", "binary_focal_crossentropy", "kl_divergence", "poisson"),
    *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error"),
    *("mean_squared_logarithmic_error", "cosine_similarity", "log_cosh", "huber"),
    *("hinge", "squared_hinge", "categorical_hinge"),
)
_CLASSES = (
    *("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "Dice", "Tversky"),
    *("BinaryCrossentropy", "BinaryFocalCrossentropy", "KLDivergence", "Poisson"),
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"),
    *("MeanSquaredLogarithmicError", "CosineSimilarity", "LogCosh", "Huber"),
    *("Hinge", "SquaredHinge", "CategoricalHinge"),
)
ONE_HOT = [getattr(keras.losses, name) for name in (*_CLASSES, *_FUNCTIONS)]


def check_label_kind(loss: keras.losses.Loss, labels: Tensor) -> None:
    """Raise if a loss of Keras is given integers for one-hot labels, or one-hot ones.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.losses.label_kind import check_label_kind

    try:
        check_label_kind(keras.losses.Dice(), np.zeros((1, 32, 32)))
    except ValueError as error:
        message = str(error)
    assert "OneHotLoss(keras.losses.Dice(...)" in message
    ```

    Args:
        loss: A loss from `as_loss`.
        labels: An array or tensor of known shape.

    Raises:
        ValueError: With the remedy.
    """
    shape, kinds = tuple(labels.shape), kinds_of(loss)
    one_hot = len(shape) == 4 and shape[-1] != 1
    found = [kind for kind in kinds if kind in ONE_HOT]
    if found and not one_hot:
        call = "(...)" if inspect.isclass(found[0]) else ""
        raise ValueError(
            f"The loss {loss.name!r} wants one-hot labels, but these are integers of "
            f"the shape {shape}: take keras_pixda.losses.OneHotLoss("
            f"keras.losses.{found[0].__name__}{call}, ignore_class=255)."
        )
    if one_hot and hasattr(loss, "ignore_class"):
        without_channel(labels)  # Raises.


def kinds_of(loss: keras.losses.Loss) -> tuple[type, Any]:
    """The class of a loss, and the function that it takes the mean of."""
    function = getattr(loss, "function", None)
    while hasattr(function, "func"):  # Of functools.partial.
        function = function.func
    return type(loss), function


def takes_probabilities(loss: keras.losses.Loss) -> bool:
    """Whether a loss is Keras's sparse cross-entropy with `from_logits=False`."""
    kind, function = kinds_of(loss)
    if kind is keras.losses.SparseCategoricalCrossentropy:
        return not loss.from_logits
    if function is keras.losses.sparse_categorical_crossentropy:
        return not default_of(loss.function, "from_logits")
    return False
