"""Focal loss for sparse labels with pixels to ignore."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_pixda.losses.float32_loss import Float32Loss
from keras_pixda.losses.pixel_cross_entropy import (
    MEANS,
    labelled_pixels,
    mean_over_labelled,
    pixel_cross_entropy,
    standardize_labels,
)
from keras_pixda.typing import Tensor


def focal_loss(
    labels: Tensor,
    logits: Tensor,
    gamma: float = 2.0,
    alpha: float | Sequence[float] | None = None,
    ignore_class: int | None = 255,
    probability_offset: float = 0.0,
) -> Tensor:
    """Focal loss of every pixel: cross-entropy, less where the class is certain.

    `-alpha * (1 - p) ** gamma * log(p)`, p the probability of the pixel's own class.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import focal_loss

    labels = np.array([[[0, 255]]], dtype="uint8")
    logits = np.zeros((1, 1, 2, 2), dtype="float32")
    assert np.allclose(focal_loss(labels, logits), [[[np.log(2) / 4, 0.0]]])
    ```

    Args:
        labels: Integer classes, shape `(batch, height, width)`.
        logits: Scores before softmax, shape `(batch, height, width, classes)`.
        gamma: How fast a certain pixel stops counting; 0 is cross-entropy. Defaults
            to 2.0.
        alpha: Weight of every class: one number, or one a class. Defaults to `None`,
            no weights.
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.
        probability_offset: Added to p; the released PixDA code adds 1e-6, which bounds
            the loss and quiets the gradient of hopeless pixels. Defaults to 0.0.

    Returns:
        A float32 tensor of shape `(batch, height, width)`, 0 on ignored pixels.

    Raises:
        ValueError: If sizes differ, a label is no class, or `alpha` does not have one
            weight a class.

    Reference:
        Lin et al., [Focal Loss for Dense Object
        Detection](https://arxiv.org/abs/1708.02002), ICCV 2017.
    """
    cross_entropy = pixel_cross_entropy(labels, logits, ignore_class)
    if probability_offset:
        counted = labelled_pixels(standardize_labels(labels), ignore_class)
        shifted = -ops.log(ops.exp(-cross_entropy) + probability_offset)
        cross_entropy = ops.where(counted, shifted, 0.0)
    # 1 - p as -expm1(-cross entropy), exact where p is nearly 1; the floor keeps the
    # gradient of the power finite where it is 0.
    uncertain = ops.maximum(-ops.expm1(-cross_entropy), keras.config.epsilon())
    values = cross_entropy * (uncertain**gamma if gamma else 1.0)
    if alpha is None:
        return values
    num_classes = logits.shape[-1]
    weights = ops.convert_to_tensor(alpha, dtype="float32")
    if len(weights.shape) and weights.shape[0] != num_classes:
        raise ValueError(
            f"alpha must be one number or {num_classes} numbers, one a class, "
            f"received {weights.shape[0]}."
        )
    weights = ops.broadcast_to(weights, (num_classes,))
    safe_labels = ops.clip(standardize_labels(labels), 0, num_classes - 1)
    return values * ops.take(weights, safe_labels)


@keras.saving.register_keras_serializable("keras_pixda")
class FocalLoss(Float32Loss):
    """Focal loss over labelled pixels, from logits and integer labels.

    Keras's own focal losses want one-hot labels and know no ignored pixels. The mean
    runs over labelled pixels only. Half-precision logits give a float32 loss.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import FocalLoss

    labels = np.array([[[0, 1, 255]]], dtype="uint8")
    logits = np.zeros((1, 1, 3, 2), dtype="float32")
    assert np.isclose(FocalLoss(gamma=2.0)(labels, logits), np.log(2) / 4)
    ```

    Args:
        gamma: How fast a certain pixel stops counting; 0 is cross-entropy. Defaults
            to 2.0.
        alpha: Weight of every class: one number, or one a class. Defaults to `None`.
            The released PixDA code weighs 0.75, and 0.25 for class 2.
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.
        probability_offset: Added to the probability; 1e-6 in the released PixDA code.
            Defaults to 0.0.
        reduction: As in every Keras loss; `None` gives the map. Defaults to
            `"sum_over_batch_size"`, here the mean over labelled pixels.
        name: Name of the loss. Defaults to `"focal_loss"`.
        dtype: Dtype of the value; everything inside is float32. Defaults to `None`,
            float32.

    Raises:
        ValueError: If `gamma` is negative.

    Reference:
        Lin et al., [Focal Loss for Dense Object
        Detection](https://arxiv.org/abs/1708.02002), ICCV 2017.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float | Sequence[float] | None = None,
        ignore_class: int | None = 255,
        probability_offset: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "focal_loss",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype)
        if gamma < 0:
            raise ValueError(f"gamma must not be negative, received {gamma}.")
        self.gamma = gamma
        self.alpha = alpha
        self.ignore_class = ignore_class
        self.probability_offset = probability_offset

    @property
    def average_over(self) -> str:
        """Whether the mean is over `"labelled"` pixels or `"all"`."""
        return "labelled" if self.reduction in MEANS else "all"

    def call(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Loss of every pixel, scaled for the mean over labelled pixels."""
        values = focal_loss(
            labels,
            logits,
            gamma=self.gamma,
            alpha=self.alpha,
            ignore_class=self.ignore_class,
            probability_offset=self.probability_offset,
        )
        if self.reduction in MEANS:
            values = mean_over_labelled(values, labels, self.ignore_class)
        return values

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this loss."""
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "alpha": self.alpha,
            "ignore_class": self.ignore_class,
            "probability_offset": self.probability_offset,
        }
