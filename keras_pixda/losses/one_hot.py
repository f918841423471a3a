"""Losses that want one-hot labels, for masks with pixels to ignore."""

import inspect
from typing import Any

import keras
from keras import ops

from keras_pixda.losses.as_loss import as_loss, default_of, only_one
from keras_pixda.losses.pixel_cross_entropy import (
    MEANS,
    check_same_size,
    labelled_pixels,
    mean_over_labelled,
    without_channel,
)
from keras_pixda.losses.refuse_wrong_labels import refuse_wrong_labels
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class OneHotLoss(keras.losses.Loss):
    """A loss that wants one-hot labels and probabilities, of integer labels and logits.

    Labels become one-hot and logits a softmax, unless the loss wants logits. Ignored
    pixels are taken out of both: they add nothing to the sums of `keras.losses.Dice` or
    `Tversky`, and a loss with one value a pixel, such as
    `keras.losses.CategoricalFocalCrossentropy`, is the mean over labelled pixels.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.losses import OneHotLoss

    labels = np.array([[[0, 1, 255]]], dtype="uint8")
    logits = np.zeros((1, 1, 3, 2), dtype="float32")
    loss = OneHotLoss(keras.losses.Dice())
    assert abs(float(loss(labels, logits)) - 0.5) < 1e-6
    ```

    Args:
        loss: Such a `keras.losses.Loss`, function or name; its reduction is kept.
            `keras.losses.Dice(axis=(1, 2))` looks at every image and class on its own,
            `Dice()` at the whole batch.
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.
        from_logits: Whether `loss` wants logits. Defaults to `None`, what its own
            argument `from_logits` says, if it has one.
        name: Name of the loss. Defaults to `None`, that of `loss`.

    Raises:
        ValueError: If `loss` is none, or a label is neither a class nor `ignore_class`.
    """

    def __init__(
        self,
        loss: Any,
        ignore_class: int | None = 255,
        from_logits: bool | None = None,
        name: str | None = None,
    ):
        self.loss = only_one(loss)
        self._loss = as_loss(loss)
        if self._loss is None:
            raise ValueError("loss is None, expected one such as keras.losses.Dice().")
        if isinstance(self._loss, OneHotLoss) or hasattr(self._loss, "ignore_class"):
            raise ValueError(
                f"The loss {self._loss.name!r} takes integer labels as it is: leave "
                "OneHotLoss out."
            )
        super().__init__(
            name=name or self._loss.name,
            reduction=self._loss.reduction,
            dtype="float32",
        )
        self.ignore_class = ignore_class
        self.from_logits = from_logits

    def call(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Loss of labels that count, scaled for the mean over them."""
        num_classes = logits.shape[-1]
        labels = without_channel(labels)
        check_same_size(labels, logits, "logits")
        labels, wrong = refuse_wrong_labels(labels, num_classes, self.ignore_class)
        labels = ops.cast(labels, "int32")
        counted = labelled_pixels(labels, self.ignore_class)
        safe = ops.where(counted, labels, 0)
        one_hot = ops.one_hot(safe, num_classes, dtype="float32")
        one_hot = ops.where(wrong[..., None], float("nan"), one_hot)
        predictions = ops.cast(logits, "float32")
        if not self._wants_logits():
            predictions = ops.softmax(predictions, axis=-1)
        if not self._is_a_map(num_classes):
            present = ops.cast(counted, "float32")[..., None]
            values = self._loss.call(one_hot * present, predictions * present)
            # Keras shares a loss out among replicas only if it takes a mean.
            return (
                ops.reshape(values, (1,))
                if self.reduction in MEANS and not len(values.shape)
                else values
            )
        values = self._loss.call(one_hot, predictions)
        values = ops.mean(values, axis=tuple(range(3, len(values.shape))))
        values = ops.where(counted, values, 0.0)
        if self.reduction in MEANS:
            values = mean_over_labelled(values, labels, self.ignore_class)
        return values

    @property
    def average_over(self) -> str:
        """Whether the mean is over `"labelled"` pixels or `"all"` of something else."""
        return "labelled" if self._is_a_map(2) else "all"

    def _is_a_map(self, num_classes):
        """Whether the loss gives a value a pixel, which a few pixels show."""
        pixels = ops.ones((2, 3, 5, num_classes)) / num_classes
        return tuple(self._loss.call(pixels, pixels).shape[:3]) == (2, 3, 5)

    def _wants_logits(self):
        if self.from_logits is not None:
            return self.from_logits
        function = getattr(self._loss, "function", None)
        wanted = getattr(self._loss, "from_logits", default_of(function, "from_logits"))
        return wanted is not inspect.Parameter.empty and bool(wanted)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this loss."""
        return {
            "name": self.name,
            "loss": keras.saving.serialize_keras_object(self.loss),
            "ignore_class": self.ignore_class,
            "from_logits": self.from_logits,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "OneHotLoss":
        """Rebuild a loss from its config."""
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(**{**config, "loss": loss})
