"""Self-training of a segmenter, whose running average teaches it."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.losses import FocalLoss
from keras_pixda.losses.pixel_cross_entropy import standardize_labels
from keras_pixda.methods.self_training.averaged_teacher import (
    AveragedTeacher,
    momentum_at,
)
from keras_pixda.methods.self_training.balanced_logits import (
    balanced_logits,
    class_shares,
)
from keras_pixda.methods.self_training.class_mix import pasted
from keras_pixda.methods.self_training.mix_pictures import RANDOM, mix_pictures
from keras_pixda.methods.self_training.pseudo_labels import pseudo_labels
from keras_pixda.methods.self_training.self_training_settings import (
    RESULTS,
    SelfTrainingSettings,
)
from keras_pixda.replicas import number_of_replicas
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.few_shot_model import FewShotModel, logits_of
from keras_pixda.training.ready_optimizers import ready_optimizers
from keras_pixda.training.updates import Updates
from keras_pixda.typing import Tensor

# What the running shares of the classes keep of themselves in a step.
SHARES_MOMENTUM = 0.99


@keras.saving.register_keras_serializable("keras_pixda")
class SelfTrainingModel(FewShotModel):
    """Self-training of any segmenter, with or without unlabelled target images.

    A teacher, the running average of the segmenter, labels each unlabelled image as it
    is. Half of the classes of a labelled picture are pasted into it, of a styled source
    image or of a shot; what comes out is mirrored, blurred and changed in colour, and
    the segmenter learns it: pasted pixels as they are labelled, the others by the
    teacher's labels, which count as much as the teacher is sure of the image, or where
    it is sure of the pixel. In every step it learns the styled source images and the
    shots as well. Without unlabelled images source images and shots are pasted into
    each other, and all is labelled.

    The call is the segmenter in training, and what training ends with otherwise, so
    `evaluate` and `predict` take plain images and measure that.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import FourierStyleTransfer
    from keras_pixda.methods import SelfTrainingModel
    from keras_pixda.models import small_segmenter

    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    labels = np.random.default_rng(1).integers(0, 3, (2, 32, 32))
    model = SelfTrainingModel(
        small_segmenter(num_classes=3, filters=4), FourierStyleTransfer(0.01)
    )
    model.compile("adam", confidence=0.9)
    all_three = dict.fromkeys(("source", "target", "unlabelled"), images)
    both = {"source": labels, "target": labels}
    logs = model.train_on_batch(all_three, both, return_dict=True)
    assert 0 <= logs["sure"] <= 1
    assert model.predict(images, verbose=0).shape == (2, 32, 32, 3)
    ```

    Args:
        segmenter: Any `keras.Model` from RGB images `(batch, height, width, 3)`,
            0..255, to logits `(batch, height, width, classes)`; smaller logits are
            resized to the image. It is the student.
        style_transfer: Layer called on source images and those whose looks they take
            on: the unlabelled ones, or else the shots. Defaults to `None`, the source
            images as they are.
        result: What training ends with, `"teacher"` or `"student"`. Defaults to
            `"student"`.
        seed: Where what is random in a step comes from, with the number of the step.
            Defaults to 0.
        name: Name of the model. Defaults to `"self_training"`.

    Attributes:
        teacher: The `keras.Model` that the averages are the weights of.

    Raises:
        ValueError: If the segmenter is not built or has another kind of output.

    Reference:
        Tranheden et al., [DACS: Domain Adaptation via Cross-domain Mixed
        Sampling](https://arxiv.org/abs/2007.08702), WACV 2021. Hoyer et al.,
        [DAFormer](https://arxiv.org/abs/2111.14887), CVPR 2022.
    """

    loss_terms = ("source_loss", "target_loss", "mixed_loss", "sure")
    parts = ("segmenter", "style_transfer")
    accumulates = True
    needs_target = False

    def __init__(
        self,
        segmenter: keras.Model,
        style_transfer: keras.layers.Layer | None = None,
        result: str = "student",
        seed: int = 0,
        name: str = "self_training",
        **kwargs: Any,
    ) -> None:
        super().__init__(segmenter, name=name, **kwargs)
        if result not in RESULTS:
            raise ValueError(f"result is {result!r}, expected one of {RESULTS}.")
        self.style_transfer = style_transfer
        if style_transfer:
            style_transfer.build([(None, None, None, 3)] * 2)
        self.result = result
        self.seed = seed
        self.shares = self.add_weight(
            (self.num_classes,),
            "zeros",
            trainable=False,
            name="shares",
            aggregation="mean",
        )
        self._average = AveragedTeacher(segmenter)
        self.teacher = self._average.network

    @property
    def outcome(self) -> keras.Model:
        """The network that training ends with."""
        return self.teacher if self.result == "teacher" else self.segmenter

    # === Compile ===

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "sgd",
        loss: str | Callable | keras.losses.Loss | None = None,
        confidence: float = 0.968,
        teacher_momentum: float = 0.99,
        mixed_weight: float = 1.0,
        shot_share: float = 0.5,
        colour: float = 0.5,
        blur: float = 0.5,
        pseudo_weights: str = "image",
        balance: float = 0.0,
        metrics: list | None = None,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configure training.

        Args:
            optimizer: Of the segmenter. Defaults to `"sgd"`.
            loss: Segmentation loss of labels and logits, for all images: whatever
                `keras.Model.compile` takes for one output, with its meaning there, or
                the name of a loss of this package. Defaults to `None`,
                `FocalLoss(gamma=2.0)`.
            confidence: Probability from which on the teacher is sure of a pixel; that
                which the softmax would have without the `gamma` of the loss. Defaults
                to 0.968.
            teacher_momentum: What the teacher keeps of itself in a step; less in the
                first ones. Defaults to 0.99.
            mixed_weight: Of the loss on mixed images. Defaults to 1.0.
            shot_share: Share of the mixed images whose pasted classes are a shot's,
                of the others they are a source image's. Defaults to 0.5.
            colour: Strength of the changes of mixed images in colour, 0 for none; as
                in `keras_pixda.datasets.augmentation`. Defaults to 0.5.
            blur: Share of the mixed images that are blurred. Defaults to 0.5.
            pseudo_weights: What the teacher's labels count: `"image"`, the share of the
                image's pixels that it is sure of, or `"pixel"`, 1 where it is sure and
                0 elsewhere. Defaults to `"image"`.
            balance: How much of the rareness of a class is taken off its logits, 0 for
                nothing, 1 for all. Defaults to 0.0.
            metrics: Metrics of labels and logits. Defaults to `None`.
            auto_scale_loss: Whether the optimizer scales its loss when the segmenter
                works in float16. Defaults to `True`.
            **kwargs: `accumulate`, the parts that a batch is done in, one after the
                other, for the memory of one part (defaults to 1), and as in
                `keras.Model.compile`; `loss_weights` is the weight of `loss`.

        Raises:
            ValueError: If a value is out of the range that `SelfTrainingSettings` has
                for it; the message names it.
        """
        SelfTrainingSettings.check(
            confidence=confidence,
            teacher_momentum=teacher_momentum,
            mixed_weight=mixed_weight,
            shot_share=shot_share,
            colour=colour,
            blur=blur,
            pseudo_weights=pseudo_weights,
            balance=balance,
        )
        [optimizer] = ready_optimizers([(optimizer, self.segmenter)], auto_scale_loss)
        loss = FocalLoss() if loss is None else loss
        super().compile(optimizer, loss, metrics, **kwargs)
        self.confidence = confidence
        self.teacher_momentum = teacher_momentum
        self.mixed_weight = mixed_weight
        self.shot_share = shot_share
        self.colour = colour
        self.blur = blur
        self.pseudo_weights = pseudo_weights
        self.balance = balance

    def compile_arguments(self) -> dict[str, Any]:
        """Arguments of `compile` as they are in force."""
        own = (
            *("confidence", "teacher_momentum", "mixed_weight"),
            *("shot_share", "colour", "blur", "pseudo_weights", "balance"),
        )
        return {
            **super().compile_arguments(),
            **{name: getattr(self, name) for name in own},
        }

    # === Train ===

    def unpack(self, data: Any) -> tuple:
        """Images, labels and weights of the labelled domains and of `"mixed"`."""
        images, labels, weights = super().unpack(data)
        images = {name: ops.cast(x, "float32") for name, x in images.items()}
        labels = {name: standardize_labels(x) for name, x in labels.items()}
        unlabelled = images.pop("unlabelled", None)
        if unlabelled is None and "target" not in images:
            raise ValueError(
                "A batch has neither labelled nor unlabelled target images: give "
                "FewShotDomainDataset shots, or unlabelled=record."
            )
        look = images["target"] if unlabelled is None else unlabelled
        if self.balance:
            self.count(labels)
        images["source"] = self.stylise(images["source"], look)
        random = self.random_numbers(look)
        # The labelled pictures that are pasted, and what they are pasted into.
        above = below = images["source"], labels["source"]
        if "target" in images:
            shots = images["target"], labels["target"]
            of_shot = random["shot"] < self.shot_share
            above, below = (
                [pasted(of_shot, *pair) for pair in zip(*pairs, strict=True)]
                for pairs in ((shots, below), (below, shots))
            )
        counts = sure = ops.ones_like(ops.cast(below[1], "float32"))
        if unlabelled is not None:
            logits = logits_of(self.teacher, unlabelled, training=False)
            gamma = getattr(self.loss, "gamma", 0.0)
            # As rare as they are: balanced twice, every building would be a pole.
            logits = balanced_logits(logits, self.shares, self.balance)
            pseudo, sure = pseudo_labels(logits, self.confidence, gamma)
            below, counts = (unlabelled, pseudo), sure
            if self.pseudo_weights == "image":
                counts = ops.mean(sure, axis=(1, 2), keepdims=True)
        self.track(ops.shape(sure)[0], sure=ops.mean(sure) / number_of_replicas())
        images["mixed"], labels["mixed"], weights["mixed"] = mix_pictures(
            above, below, counts, random, self.colour, self.blur
        )
        # So that activations of teacher and segmenter are never there together.
        with tf.control_dependencies([labels["mixed"]]):
            images = keras.tree.map_structure(tf.identity, images)
        return images, labels, weights

    def count(self, labels: dict[str, Tensor]) -> None:
        """Take the labelled pixels of a batch into the running shares of the classes.

        Args:
            labels: Integer labels of the domains that have some.
        """
        change = 1.0 - momentum_at(self.optimizer.iterations, SHARES_MOMENTUM)
        shares = class_shares(list(labels.values()), self.num_classes)
        self.shares.assign(self.shares + change * (shares - self.shares))

    def random_numbers(self, images: Tensor) -> dict[str, Tensor]:
        """What is random in a step, even numbers in 0..1 for each image of a batch.

        They depend on `seed` and the number of the step alone, so that a training that
        is taken up again goes on as it would have.

        Args:
            images: Of the batch.

        Returns:
            A dict of float32 tensors `(batch,)`, and `(batch, classes)` for
            `"classes"`.
        """
        names = ("shot", *RANDOM)
        size = ops.shape(images)[0]
        numbers = tf.random.stateless_uniform(
            (size * number_of_replicas(), len(names) + self.num_classes),
            tf.stack([self.seed, ops.cast(self.optimizer.iterations, "int32")]),
        )
        # Each replica takes those of its images, as one alone would.
        replica = tf.distribute.get_replica_context()
        place = replica.replica_id_in_sync_group if replica else 0
        numbers = numbers[place * size : (place + 1) * size]
        columns = {name: numbers[:, column] for column, name in enumerate(names)}
        return {**columns, "classes": numbers[:, len(names) :]}

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """One stage a domain, and one of the mixed images.

        Args:
            part: The `BatchPart` to train on.
            updates: The `Updates` of the step.

        Returns:
            The loss terms, and the logits of the target images, or of the source
            images where there are none.
        """
        terms, logits = {"loss": 0.0}, {}
        for domain, images in part.images.items():
            labels, weights = part.labels[domain], part.weights.get(domain)
            images = updates.after(images)
            with tf.GradientTape() as tape:
                logits[domain] = self(images, training=True)
                adjusted = balanced_logits(logits[domain], self.shares, self.balance)
                loss = self.loss(labels, adjusted, weights)
                loss = part.scaled(loss, self.loss, domain)
                weighted = self.loss_weight * loss
                if domain == "mixed":
                    weighted *= self.mixed_weight
                    share = part.share(domain=domain)
                    weighted += self.regularization(self.segmenter) * share
            updates.add(tape, weighted, self.optimizer, self.segmenter)
            terms[f"{domain}_loss"] = loss
            terms["loss"] += weighted
        return terms, logits.get("target", logits["source"])

    def after_updates(self) -> None:
        """The teacher follows the segmenter."""
        self._average.follow(self.optimizer.iterations, self.teacher_momentum)

    # === Config ===

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this model."""
        return {**super().get_config(), "result": self.result, "seed": self.seed}
