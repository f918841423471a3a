"""Training on labelled images of one domain, with or without a teacher."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_pixda.losses import DistillationLoss, FocalLoss
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.few_shot_model import FewShotModel
from keras_pixda.training.ready_optimizers import ready_optimizers
from keras_pixda.training.teacher_answers import teacher_answers
from keras_pixda.training.training_batch import target_part
from keras_pixda.training.updates import Updates


@keras.saving.register_keras_serializable("keras_pixda")
class SupervisedModel(FewShotModel):
    """Train any segmenter on labelled images: Source Only, Fine-Tuning, distillation.

    `fit`, `evaluate` and `predict` are those of `keras.Model` for batches
    `(images, labels)` or `(images, labels, sample_weight)`, with the same losses and
    logs. Batches can be done in parts; of batches of both domains the target is taken.

    With a teacher its predictions are a second term of the loss: `loss(labels, logits)
    + weight * distillation_loss(teacher's logits, logits)`, the teacher frozen and in
    inference mode. An evaluation is of the first term alone.
    `keras.distillation.Distiller` gives its two terms weights that sum to one, so it
    cannot express this objective.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.training import SupervisedModel

    student = small_segmenter(num_classes=3, filters=4)
    model = SupervisedModel(student, teacher=keras.models.clone_model(student))
    model.compile("sgd", accumulate=2)
    images = np.zeros((2, 32, 32, 3), dtype="uint8")
    labels = np.zeros((2, 32, 32), dtype="uint8")
    history = model.fit(images, labels, verbose=0).history
    assert set(history) == {"loss", "distillation_loss"}
    ```

    Args:
        segmenter: Any `keras.Model` from RGB images `(batch, height, width, 3)`,
            0..255, to logits `(batch, height, width, classes)`; smaller logits are
            resized to the image.
        teacher: The same kind of model, which gets frozen. Defaults to `None`.
        distillation_loss: `keras.losses.Loss` of the teacher's and the segmenter's
            logits. Defaults to `None`, `DistillationLoss(alpha=0.5)`.
        weight: Of that loss. Defaults to 0.5.
        name: Name of the model. Defaults to `"supervised"`.

    Raises:
        ValueError: If the segmenter is not built or has another kind of output.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    parts = ("segmenter", "teacher", "distillation_loss")
    accumulates = True
    both_domains = False

    def __init__(
        self,
        segmenter: keras.Model,
        teacher: keras.Model | None = None,
        distillation_loss: keras.losses.Loss | None = None,
        weight: float = 0.5,
        name: str = "supervised",
        **kwargs: Any,
    ) -> None:
        super().__init__(segmenter, name=name, **kwargs)
        self.teacher = teacher
        self.distillation_loss = distillation_loss
        self.weight = weight
        if teacher is not None:
            teacher.trainable = False
            self.distillation_loss = distillation_loss or DistillationLoss()
            self.loss_terms = ("distillation_loss",)
            self.loss_trackers.append(keras.metrics.Mean(name="distillation_loss"))

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "sgd",
        loss: str | Callable | keras.losses.Loss | None = None,
        metrics: list | None = None,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configure training, as `keras.Model.compile` does.

        Args:
            optimizer: Of the segmenter. Defaults to `"sgd"`.
            loss: Of labels and logits: whatever `keras.Model.compile` takes for one
                output, with its meaning there, or the name of a loss of this package.
                Defaults to `None`, `FocalLoss(gamma=2.0)`.
            metrics: Metrics of labels and logits. Defaults to `None`.
            auto_scale_loss: Whether the optimizer scales its loss when the segmenter
                works in float16. Defaults to `True`.
            **kwargs: `accumulate`, the parts that a batch is done in, one after the
                other, for the memory of one part (defaults to 1), and as in
                `keras.Model.compile`.
        """
        [optimizer] = ready_optimizers([(optimizer, self.segmenter)], auto_scale_loss)
        loss = FocalLoss() if loss is None else loss
        super().compile(optimizer, loss, metrics, **kwargs)

    def unpack(self, data: Any) -> tuple:
        """Images, labels and sample weights, each a dict of the target alone."""
        images, labels, weights = target_part(data)
        if labels is None:
            raise ValueError(
                "A training batch must be (images, labels), or one of both domains, "
                "received images alone."
            )
        weights = {} if weights is None else {"target": weights}
        return {"target": images}, {"target": labels}, weights

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """The teacher's answers first, then one stage.

        Args:
            part: The `BatchPart` to train on.
            updates: The `Updates` of the step.

        Returns:
            The loss terms, and the logits.
        """
        images, labels = part.images["target"], part.labels["target"]
        if self.teacher is not None:
            teacher_logits, images = teacher_answers(self.teacher, images)

        with tf.GradientTape() as tape:
            logits = self(images, training=True)
            loss = self.loss(labels, logits, part.weights.get("target"))
            loss = self.loss_weight * part.scaled(loss, self.loss)
            loss += self.regularization(self.segmenter) * part.share()
            terms = {}
            if self.teacher is not None:
                difference = self.distillation_loss(teacher_logits, logits)
                difference = part.scaled(difference, self.distillation_loss)
                loss += self.weight * difference
                terms["distillation_loss"] = difference
        updates.add(tape, loss, self.optimizer, self.segmenter)
        return {"loss": loss, **terms}, logits

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this model."""
        return {**super().get_config(), "weight": self.weight}
