"""Distillation of a frozen teacher's predictions into a student."""

from typing import Any

import keras
from keras import ops

from keras_pixda.losses.float32_loss import Float32Loss
from keras_pixda.typing import Tensor


def distillation_loss(
    teacher_logits: Tensor, student_logits: Tensor, alpha: float = 0.5
) -> Tensor:
    """Cross-entropy of the student against the softened teacher, mean over classes.

    `-mean over classes of softmax(alpha * teacher) * log_softmax(student)`: the teacher
    is softened, the student is not, and the sum is divided by the number of classes.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import distillation_loss

    logits = np.zeros((1, 1, 1, 4), dtype="float32")
    assert np.allclose(distillation_loss(logits, logits), np.log(4) / 4)
    ```

    Args:
        teacher_logits: Shape `(batch, height, width, classes)`; no gradient flows here.
        student_logits: The same shape.
        alpha: Factor on the teacher's logits, an inverse temperature. Defaults to 0.5.

    Returns:
        A float32 tensor of shape `(batch, height, width)`.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """
    teacher = ops.stop_gradient(ops.cast(teacher_logits, "float32"))
    student = ops.cast(student_logits, "float32")
    soft_labels = ops.softmax(alpha * teacher, axis=-1)
    return -ops.mean(soft_labels * ops.log_softmax(student, axis=-1), axis=-1)


@keras.saving.register_keras_serializable("keras_pixda")
class DistillationLoss(Float32Loss):
    """Mean of `distillation_loss`, called as `loss(teacher_logits, student_logits)`.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import DistillationLoss

    logits = np.zeros((1, 2, 2, 4), dtype="float32")
    assert np.isclose(DistillationLoss()(logits, logits), np.log(4) / 4)
    ```

    Args:
        alpha: Factor on the teacher's logits, an inverse temperature. Defaults to 0.5.
        reduction: As in every Keras loss. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"distillation_loss"`.
        dtype: Dtype of the value; everything inside is float32. Defaults to `None`,
            float32.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "distillation_loss",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype)
        self.alpha = alpha

    def call(self, teacher_logits: Tensor, student_logits: Tensor) -> Tensor:
        """Loss of every pixel."""
        return distillation_loss(teacher_logits, student_logits, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this loss."""
        return {**super().get_config(), "alpha": self.alpha}
