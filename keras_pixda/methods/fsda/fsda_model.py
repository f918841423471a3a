"""FSDA: structured domain adaptation by discriminators of pairs and of images."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.losses import FocalLoss
from keras_pixda.losses.as_loss import as_loss
from keras_pixda.methods.fsda.fsda_losses import (
    fooling_loss,
    ignore_certain_pixels,
    image_discriminator_losses,
    pair_discriminator_losses,
)
from keras_pixda.methods.fsda.fsda_settings import FSDASettings
from keras_pixda.models.check_segmenter import check_segmenter
from keras_pixda.models.image_discriminator import image_discriminator
from keras_pixda.models.pair_discriminator import pair_discriminator
from keras_pixda.replicas import roll_over_replicas
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.few_shot_model import FewShotModel, logits_of
from keras_pixda.training.ready_optimizers import ready_optimizers
from keras_pixda.training.updates import Updates
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class FSDAModel(FewShotModel):
    """FSDA: make target predictions pass for source ones, alone and in pairs.

    The network gives logits at two levels, auxiliary and main. Both domains are
    segmented, the main level learning only from pixels of which the auxiliary one is
    not yet certain. Two discriminators judge the softmax maps of both levels: one looks
    at pairs of maps and tells source, mixed and target pairs apart, the other looks at
    single maps. The segmenter is trained to make target maps pass for source maps.
    All three updates are on gradients taken at the same weights.

    The partner of a map is that of the next image of the batch, cyclically: batches are
    shuffled, so it is as random as one of the batch before, and nothing has to be
    carried over or saved. In a batch of one image a map is its own partner: source and
    target pairs then say no more than single maps, so take batches of at least 2. A
    partner is a constant: only the first map of a pair trains the segmenter.

    The call is the segmenter, the plain network from images to main logits, which is
    `model.segmenter`; `evaluate` and `predict` take plain images.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods import FSDAModel
    from keras_pixda.models import small_segmenter

    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    labels = np.random.default_rng(1).integers(0, 3, (2, 32, 32))
    model = FSDAModel(small_segmenter(num_classes=3, filters=4, auxiliary_head=True))
    model.compile("adam", discriminator_optimizer="adam")
    both = {"source": images, "target": images}
    model.fit(both, {"source": labels, "target": labels}, batch_size=2, verbose=0)
    assert model.segmenter.output_shape == (None, None, None, 3)
    ```

    Args:
        network: Any `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255,
            to `[auxiliary, main]`, logits `(batch, height, width, classes)` both;
            smaller logits are resized to the image.
        pair_discriminator: Model from two stacked softmax maps to answers in -1..1.
            Defaults to `None`, `pair_discriminator(classes)`.
        image_discriminator: Model from softmax maps to a coarse map of domain logits.
            Defaults to `None`, `image_discriminator(classes, spectral_norm=True)`.
        name: Name of the model. Defaults to `"fsda"`.

    Raises:
        ValueError: If the network is not built or does not give two maps of logits.

    Reference:
        Zhang et al., Few-Shot Structured Domain Adaptation for Virtual-to-Real Scene
        Parsing, ICCV workshops 2019.
    """

    loss_terms = (
        "source_loss",
        "target_loss",
        "auxiliary_adversarial_loss",
        "adversarial_loss",
        "pair_discriminator_source",
        "pair_discriminator_mixed",
        "pair_discriminator_target",
        "image_discriminator_source",
        "image_discriminator_target",
    )
    parts = ("network", "pair_discriminator", "image_discriminator")
    smallest_side = 32

    def __init__(
        self,
        network: keras.Model,
        pair_discriminator: keras.Model | None = None,
        image_discriminator: keras.Model | None = None,
        name: str = "fsda",
        **kwargs: Any,
    ) -> None:
        super().__init__(main_segmenter(network), name=name, **kwargs)
        if pair_discriminator is None:
            pair_discriminator = _pair_discriminator(self.num_classes)
        if image_discriminator is None:
            image_discriminator = _image_discriminator(
                self.num_classes, spectral_norm=True
            )
        self.network = network
        self.pair_discriminator = pair_discriminator
        self.image_discriminator = image_discriminator

    # === Compile ===

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "sgd",
        discriminator_optimizer: str | keras.optimizers.Optimizer = "adam",
        image_discriminator_optimizer: str | keras.optimizers.Optimizer | None = None,
        loss: str | Callable | keras.losses.Loss | None = None,
        auxiliary_weight: float = 0.1,
        certainty: float = 0.95,
        adversarial_weight: float = 1e-3,
        auxiliary_adversarial_weight: float = 2e-4,
        metrics: list | None = None,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configure training.

        The published optimizers are `published_optimizers(learning_rate=2.5e-4,
        discriminator_learning_rate=1e-4)`.

        Args:
            optimizer: Of the network. Defaults to `"sgd"`.
            discriminator_optimizer: Of the pair discriminator. Defaults to `"adam"`.
            image_discriminator_optimizer: Of the image discriminator. Defaults to
                `None`, one like the pair discriminator's.
            loss: Segmentation loss of labels and logits, for both domains and levels.
                Defaults to `None`, `FocalLoss(gamma=0)`, which is cross-entropy over
                labelled pixels.
            auxiliary_weight: Of the auxiliary level's segmentation loss. Defaults
                to 0.1.
            certainty: Largest auxiliary probability, in 0..1, above which the main
                level ignores a pixel. Defaults to 0.95.
            adversarial_weight: Of the main level's adversarial loss. Defaults to 1e-3.
            auxiliary_adversarial_weight: Of the auxiliary one's. Defaults to 2e-4.
            metrics: Metrics of labels and main logits. Defaults to `None`.
            auto_scale_loss: Whether every optimizer scales its loss when a network
                works in float16. Defaults to `True`.
            **kwargs: As in `keras.Model.compile`; `loss_weights` is the weight of
                `loss`.

        Raises:
            ValueError: If `loss` ignores no class, or `certainty` is no share.
        """
        FSDASettings.check(certainty=certainty)
        loss = FocalLoss(gamma=0.0) if loss is None else loss
        if getattr(as_loss(loss), "ignore_class", None) is None:
            raise ValueError(
                f"The loss {loss!r} has no ignore_class, but certain pixels are to be "
                "ignored: give a loss that has one, such as FocalLoss(gamma=0)."
            )
        optimizer, self.discriminator_optimizer, self.image_discriminator_optimizer = (
            ready_optimizers(
                [
                    (optimizer, self.network),
                    (discriminator_optimizer, self.pair_discriminator),
                    (image_discriminator_optimizer, self.image_discriminator),
                ],
                auto_scale_loss,
            )
        )
        super().compile(optimizer, loss, metrics, **kwargs)
        self.auxiliary_weight = auxiliary_weight
        self.certainty = certainty
        self.adversarial_weight = adversarial_weight
        self.auxiliary_adversarial_weight = auxiliary_adversarial_weight

    def compile_arguments(self) -> dict[str, Any]:
        """Arguments of `compile` as they are in force."""
        return {
            **super().compile_arguments(),
            "discriminator_optimizer": self.discriminator_optimizer,
            "image_discriminator_optimizer": self.image_discriminator_optimizer,
            "auxiliary_weight": self.auxiliary_weight,
            "certainty": self.certainty,
            "adversarial_weight": self.adversarial_weight,
            "auxiliary_adversarial_weight": self.auxiliary_adversarial_weight,
        }

    # === Train ===

    @property
    def trainable_weights(self) -> list:
        """The weights that `optimizer` updates: the network's, with both heads."""
        if self._counting:
            return super().trainable_weights
        return self.network.trainable_weights

    @property
    def trainable_variables(self) -> list:
        """The variables that `optimizer` updates: the network's, with both heads."""
        return self.network.trainable_variables

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """Segment both domains at both levels, then the gradients of each network.

        Args:
            part: The `BatchPart` to train on, all of the batch.
            updates: The `Updates` of the step.

        Returns:
            The loss terms, and the main logits of the target images.
        """
        images, labels = part.images, part.labels
        check_same_shape(images)
        with tf.GradientTape(persistent=True) as tape:
            source_logits, target_logits = (
                logits_of(self.network, images[domain], True, self.jit_compile)
                for domain in ("source", "target")
            )
            source_loss = self.segmentation_loss(labels["source"], *source_logits)
            target_loss = self.segmentation_loss(labels["target"], *target_logits)

            # Their one answer serves the segmenter's loss and the discriminators'.
            pairs, singles = self.judge(source_logits, target_logits)
            auxiliary_adversarial, adversarial = map(fooling_loss, pairs, singles)
            loss = (
                self.loss_weight * (source_loss + target_loss)
                + self.auxiliary_adversarial_weight * auxiliary_adversarial
                + self.adversarial_weight * adversarial
                + self.regularization(self.network)
            )
            pair_terms = pair_discriminator_losses(pairs)
            image_terms = image_discriminator_losses(singles)
            pair_loss, image_loss = sum(pair_terms), sum(image_terms)
        updates.add(tape, loss, self.optimizer, self.network)
        updates.add(
            tape, pair_loss, self.discriminator_optimizer, self.pair_discriminator
        )
        updates.add(
            tape,
            image_loss,
            self.image_discriminator_optimizer,
            self.image_discriminator,
        )

        terms = {
            "loss": loss,
            "source_loss": source_loss,
            "target_loss": target_loss,
            "auxiliary_adversarial_loss": auxiliary_adversarial,
            "adversarial_loss": adversarial,
            "pair_discriminator_source": pair_terms[0],
            "pair_discriminator_mixed": pair_terms[1],
            "pair_discriminator_target": pair_terms[2],
            "image_discriminator_source": image_terms[0],
            "image_discriminator_target": image_terms[1],
        }
        return terms, target_logits[1]

    def segmentation_loss(
        self, labels: Tensor, auxiliary_logits: Tensor, logits: Tensor
    ) -> Any:
        """Loss of one domain: the main level's on uncertain pixels, plus the other's.

        Args:
            labels: Integer classes, shape `(batch, height, width)`.
            auxiliary_logits: Shape `(batch, height, width, classes)`.
            logits: Of the main level, the same shape.

        Returns:
            A float32 scalar.
        """
        uncertain = ignore_certain_pixels(
            labels, auxiliary_logits, self.certainty, self.loss.ignore_class
        )
        scaled = BatchPart({}, {}).scaled
        main = scaled(self.loss(uncertain, logits), self.loss)
        auxiliary = scaled(self.loss(labels, auxiliary_logits), self.loss)
        return main + self.auxiliary_weight * auxiliary

    def judge(self, source_logits: Any, target_logits: Any) -> Any:
        """Answers of both discriminators on the softmax maps of every level.

        Args:
            source_logits: One tensor `(batch, height, width, classes)` a level; no
                gradient flows here.
            target_logits: The same of the target.

        Returns:
            Two lists of one tuple a level: the pair discriminator's answers on the
            pairs (source, source), (target, source), (target, target), and the image
            discriminator's on source and target maps.
        """
        pairs, singles = [], []
        for source, target in zip(source_logits, target_logits, strict=True):
            source = ops.stop_gradient(ops.softmax(source))
            target = ops.softmax(target)
            pairs += [(source, partner(source)), (target, source)]
            pairs += [(target, partner(target))]
            singles += [source, target]
        pairs = [ops.concatenate(pair, axis=-1) for pair in pairs]
        return (
            by_level(answers_on(self.pair_discriminator, pairs), 3),
            by_level(answers_on(self.image_discriminator, singles), 2),
        )


# The constructor's arguments have the names of the functions.
_pair_discriminator = pair_discriminator
_image_discriminator = image_discriminator


# === Parts ===


def main_segmenter(network: keras.Model) -> keras.Model:
    """The plain segmenter in a network of two levels; it shares all its layers."""
    outputs = getattr(network, "output", None)
    if not isinstance(outputs, list | tuple) or len(outputs) != 2:
        name = getattr(network, "name", network)
        raise ValueError(
            f"The network {name!r} must be a functional keras.Model with the two "
            "outputs [auxiliary, main], both logits: build it with "
            "auxiliary_head=True, or keras.Model(it.input, [auxiliary, it.output])."
        )
    levels = [
        keras.Model(network.input, output, name=f"{network.name}_{level}")
        for output, level in zip(outputs, ("auxiliary", "main"), strict=True)
    ]
    for level in levels:
        check_segmenter(level)
    classes = [level.output_shape[-1] for level in levels]
    if classes[0] != classes[1]:
        raise ValueError(
            f"The network {network.name!r} gives {classes[0]} classes at the auxiliary "
            f"level and {classes[1]} at the main one, expected the same number."
        )
    return levels[1]


def check_same_shape(images: dict[str, Tensor]) -> None:
    """Raise if source and target images cannot be stacked pair by pair."""
    source, target = (tf.TensorShape(images[d].shape) for d in ("source", "target"))
    if not source.is_compatible_with(target):
        raise ValueError(
            f"Source images have the shape {tuple(source)}, target images "
            f"{tuple(target)}: pairs need the same."
        )


def partner(maps: Tensor) -> Tensor:
    """The map of the next image of the batch, cyclically, as a constant."""
    return roll_over_replicas(ops.stop_gradient(maps))


def answers_on(discriminator: keras.Model, maps: Any) -> Any:
    """Answers on equally many maps each, float32, in one call."""
    # One call a step: every further one would renormalise the kernels in between.
    answers = discriminator(ops.concatenate(maps, axis=0), training=True)
    return ops.split(ops.cast(answers, "float32"), len(maps), axis=0)


def by_level(answers: Any, kinds: Any) -> Any:
    """Answers in tuples of `kinds`, one tuple a level."""
    return [tuple(answers[i : i + kinds]) for i in range(0, len(answers), kinds)]
