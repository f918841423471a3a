"""PixDA's last phase with source images in the batch."""

from typing import Any

import keras
import tensorflow as tf

from keras_pixda.losses import DistillationLoss
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.few_shot_model import FewShotModel
from keras_pixda.training.teacher_answers import teacher_answers
from keras_pixda.training.updates import Updates


@keras.saving.register_keras_serializable("keras_pixda")
class DistillationWithSource(FewShotModel):
    """Distillation that goes on reading styled source images.

    The published phase trains on the few target images alone, and forgets what they do
    not show. Here the loss is `loss(source) + loss(target) + weight *
    distillation_loss(teacher, segmenter)`, the last on the target.

    Example:

    ```python
    import keras
    from keras_pixda.methods.pixda.distillation_with_source import (
        DistillationWithSource,
    )
    from keras_pixda.models import small_segmenter

    student = small_segmenter(num_classes=3, filters=4)
    teacher = keras.models.clone_model(student)
    model = DistillationWithSource(student, teacher)
    assert not model.teacher.trainable_weights
    ```

    Args:
        segmenter: Any `keras.Model` from RGB images `(batch, height, width, 3)`,
            0..255, to logits `(batch, height, width, classes)`.
        teacher: The same kind of model, which gets frozen.
        style_transfer: Layer called on `(source, target)` images. Defaults to `None`,
            the source images as they are.
        distillation_loss: `keras.losses.Loss` of the teacher's and the segmenter's
            logits. Defaults to `None`, `DistillationLoss(alpha=0.5)`.
        weight: Of that loss. Defaults to 0.5.
        name: Name of the model. Defaults to `"distillation"`.

    Raises:
        ValueError: If the segmenter is not built or has another kind of output.
    """

    loss_terms = ("source_loss", "target_loss", "distillation_loss")
    parts = ("segmenter", "teacher", "style_transfer", "distillation_loss")
    accumulates = True

    def __init__(
        self,
        segmenter: keras.Model,
        teacher: keras.Model,
        style_transfer: keras.layers.Layer | None = None,
        distillation_loss: keras.losses.Loss | None = None,
        weight: float = 0.5,
        name: str = "distillation",
        **kwargs: Any,
    ) -> None:
        super().__init__(segmenter, name=name, **kwargs)
        teacher.trainable = False
        self.teacher = teacher
        self.style_transfer = style_transfer
        self.distillation_loss = distillation_loss or DistillationLoss()
        self.weight = weight

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """The source, the teacher's answers on the target, the target.

        Args:
            part: The `BatchPart` to train on.
            updates: The `Updates` of the step.

        Returns:
            The loss terms, and the logits of the target images.
        """
        _, source_loss = self.train_on_source(part, updates)

        images, labels = updates.after(part.images["target"]), part.labels["target"]
        teacher_logits, images = teacher_answers(self.teacher, images)
        with tf.GradientTape() as tape:
            logits = self(images, training=True)
            target_loss = part.scaled(self.loss(labels, logits), self.loss)
            difference = self.distillation_loss(teacher_logits, logits)
            difference = part.scaled(difference, self.distillation_loss)
            loss = self.loss_weight * target_loss + self.weight * difference
            loss += self.regularization(self.segmenter) * part.share()
        updates.add(tape, loss, self.optimizer, self.segmenter)

        terms = {
            "loss": self.loss_weight * source_loss + loss,
            "source_loss": source_loss,
            "target_loss": target_loss,
            "distillation_loss": difference,
        }
        return terms, logits

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this model."""
        return {**super().get_config(), "weight": self.weight}
