"""Robust entropy of predictions without labels."""

import math
from typing import Any

import keras
from keras import ops

from keras_pixda.losses.float32_loss import Float32Loss
from keras_pixda.typing import Tensor


def entropy_loss(logits: Tensor, eta: float = 2.0) -> Tensor:
    """Robust entropy of every pixel: how undecided the prediction is.

    `(e ** 2 + 1e-8) ** eta` with `e = -sum(p * log(p)) / log(classes)`, in 0..1.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import entropy_loss

    undecided = np.zeros((1, 1, 1, 2), dtype="float32")
    assert np.allclose(entropy_loss(undecided), 1.0)
    assert np.allclose(entropy_loss(undecided + [0.0, 100.0]), 0.0)
    ```

    Args:
        logits: Scores before softmax, shape `(batch, height, width, classes)`.
        eta: Exponent that quiets pixels of low entropy. Defaults to 2.0.

    Returns:
        A float32 tensor of shape `(batch, height, width)`.

    Reference:
        Yang and Soatto, [FDA: Fourier Domain Adaptation for Semantic
        Segmentation](https://arxiv.org/abs/2004.05498), CVPR 2020.
    """
    logits = ops.cast(logits, "float32")
    log_probabilities = ops.log_softmax(logits, axis=-1)
    entropy = -ops.sum(ops.exp(log_probabilities) * log_probabilities, axis=-1)
    entropy = entropy / math.log(logits.shape[-1])
    return (ops.square(entropy) + 1e-8) ** eta


@keras.saving.register_keras_serializable("keras_pixda")
class EntropyLoss(Float32Loss):
    """Mean robust entropy of predictions; the labels are not looked at.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import EntropyLoss

    labels = np.zeros((1, 2, 2), dtype="uint8")
    logits = np.zeros((1, 2, 2, 19), dtype="float32")
    assert np.isclose(EntropyLoss()(labels, logits), 1.0)
    ```

    Args:
        eta: Exponent that quiets pixels of low entropy. Defaults to 2.0.
        reduction: As in every Keras loss. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"entropy_loss"`.
        dtype: Dtype of the value; everything inside is float32. Defaults to `None`,
            float32.

    Reference:
        Yang and Soatto, [FDA: Fourier Domain Adaptation for Semantic
        Segmentation](https://arxiv.org/abs/2004.05498), CVPR 2020.
    """

    def __init__(
        self,
        eta: float = 2.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "entropy_loss",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype)
        self.eta = eta

    def call(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Entropy of every pixel."""
        del labels
        return entropy_loss(logits, self.eta)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this loss."""
        return {**super().get_config(), "eta": self.eta}
