"""The last phase: distil the adapted network on the target images alone."""

import keras
from keras import ops

from keras_pixda.layers import resize_logits
from keras_pixda.losses import DistillationLoss
from keras_pixda.losses.as_loss import as_loss
from keras_pixda.replicas import number_of_replicas
from keras_pixda.training.compile_loss import check_ignore_class, warn_of_probabilities
from keras_pixda.training.few_shot_model import logits_of
from keras_pixda.training.guarded_fit import guarded_fit
from keras_pixda.training.label_check import LabelCheck
from keras_pixda.training.supervised_step import supervised_step
from keras_pixda.training.training_batch import after_its_data, target_part


class DistillationModel(LabelCheck, keras.Model):
    """Train a student on labels and on a frozen teacher's predictions.

    `loss(labels, student) + weight * distillation(teacher, student)`, the teacher in
    inference mode. `keras.distillation.Distiller` gives its two terms weights that sum
    to one, so it cannot express this objective.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.losses import FocalLoss
    from keras_pixda.models import small_segmenter
    from keras_pixda.training import DistillationModel

    student = small_segmenter(num_classes=3, filters=4)
    model = DistillationModel(student, keras.models.clone_model(student))
    model.compile("sgd", loss=FocalLoss())
    images = np.zeros((1, 32, 32, 3), dtype="float32")
    model.fit(images, np.zeros((1, 32, 32), dtype="uint8"), verbose=0)
    ```

    Args:
        student: Model from images to logits; it is trained.
        teacher: The same kind of model; it is frozen.
        distillation_loss: Loss of teacher logits and student logits. Defaults to
            `None`, `DistillationLoss(alpha=0.5)`.
        weight: Of that loss. Defaults to 0.5.
        accumulate: Parts that a batch is done in, one after the other, for the memory
            of one part. Defaults to 1.
        name: Name of the model. Defaults to `"distillation"`.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def __init__(
        self,
        student,
        teacher,
        distillation_loss=None,
        weight=0.5,
        accumulate=1,
        name="distillation",
    ):
        super().__init__(name=name, dtype="float32")
        self.student = student
        self.teacher = teacher
        self.teacher.trainable = False
        self.distillation_loss = distillation_loss or DistillationLoss()
        self.weight = weight
        self.accumulate = accumulate
        self.distillation_tracker = keras.metrics.Mean(name="distillation_loss")
        self.built = True

    @property
    def num_classes(self):
        """Number of classes, or `None` if the student does not know it yet."""
        shape = getattr(self.student, "output_shape", None)
        return shape[-1] if isinstance(shape, tuple) else None

    def build(self, input_shape=None):
        """Nothing to build: the networks inside are built."""

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Built; see `FewShotModel`.
        pass

    def call(self, images, training=False):
        """Logits of the student, at the size of the images."""
        return logits_of(self.student, images, training)

    def compile(self, optimizer="rmsprop", loss=None, **kwargs):
        """As `keras.Model.compile`.

        Args:
            optimizer: Of the student. Defaults to `"rmsprop"`.
            loss: Of labels and logits, also by the name of one of this package.
                Defaults to `None`.
            **kwargs: As in `keras.Model.compile`.
        """
        loss = as_loss(loss)
        warn_of_probabilities(loss)
        self.agreed = check_ignore_class(
            loss, *keras.tree.flatten(kwargs.get("metrics"))
        )
        super().compile(optimizer, loss, **kwargs)

    fit = guarded_fit(keras.Model.fit)

    @after_its_data
    def train_step(self, data):
        """A step of Keras, or in `accumulate` parts."""
        data = target_part(data)
        if self.accumulate == 1:
            return super().train_step(data)
        return supervised_step(self, data, self.accumulate)

    @after_its_data
    def test_step(self, data):
        """A step of Keras."""
        return super().test_step(target_part(data))

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Segmentation loss plus the weighted distillation loss."""
        # As in `FewShotModel`, labels of an evaluation keep their size.
        sized = y_pred if training else resize_logits(y_pred, ops.shape(y)[1:3])
        loss = super().compute_loss(x, y, sized, sample_weight, training=training)
        # Keras gives its losses the default type of floats, whatever that is set to.
        return ops.cast(loss, "float32") + self.further_loss(x, y_pred)

    def further_loss(self, images, logits):
        """The weighted distillation loss."""
        teacher_logits = logits_of(self.teacher, images, training=False)
        distillation = self.distillation_loss(teacher_logits, logits)
        # Keras divides the losses of replicas by their number.
        self.distillation_tracker.update_state(
            distillation * number_of_replicas(), sample_weight=ops.shape(images)[0]
        )
        return self.weight * distillation
