"""PixDA: pixel-by-pixel domain alignment of a segmenter."""

import numbers
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.callbacks.pass_length import passes_just_end
from keras_pixda.callbacks.selection_state import SelectionState
from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.losses import (
    SOURCE,
    TARGET,
    FocalLoss,
    PixAdvLoss,
    discriminator_loss,
    domain_loss,
)
from keras_pixda.losses.as_loss import as_loss, only_one
from keras_pixda.methods.pixda.distillation_model import distillation_model
from keras_pixda.models.image_discriminator import image_discriminator
from keras_pixda.models.pixel_discriminator import pixel_discriminator
from keras_pixda.replicas import number_of_replicas
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.checks import check_judges_classes
from keras_pixda.training.few_shot_model import FewShotModel
from keras_pixda.training.given_data import refuse_weights
from keras_pixda.training.ready_optimizers import ready_optimizers
from keras_pixda.training.updates import Updates
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class PixDAModel(FewShotModel):
    """PixDA: adapt any segmenter to a few labelled target images.

    Every step styles the source batch like its target batch, segments both, and makes
    three updates on gradients taken at the same weights: the segmenter by the
    segmentation loss on both domains and the pixel-wise adversarial loss on the target;
    the pixel discriminator and the image discriminator by telling both domains' softmax
    maps apart. The image discriminator never trains the segmenter: sample selection
    asks it which source images to keep.

    The call is the segmenter, so `evaluate` and `predict` take plain images.

    Example:

    ```python
    import numpy as np
    from keras_pixda import PixDAModel
    from keras_pixda.models import small_segmenter

    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    labels = np.random.default_rng(1).integers(0, 3, (2, 32, 32))
    model = PixDAModel(small_segmenter(num_classes=3, filters=4))
    model.compile("adam", discriminator_optimizer="adam")
    both = {"source": images, "target": images}
    model.fit(both, {"source": labels, "target": labels}, batch_size=2, verbose=0)
    assert model.predict(images, verbose=0).shape == (2, 32, 32, 3)
    ```

    Args:
        segmenter: Any `keras.Model` from RGB images `(batch, height, width, 3)`,
            0..255, to logits `(batch, height, width, classes)`; smaller logits are
            resized to the image.
        discriminator: Model from softmax maps to one domain logit a pixel. Defaults to
            `None`, `pixel_discriminator(classes)`.
        image_discriminator: Model from softmax maps to a coarse map of domain logits.
            Defaults to `None`, `image_discriminator(classes)`.
        style_transfer: Layer called on `(source, target)` images, or `False` for none.
            Defaults to `None`, `FourierStyleTransfer(0.01)`.
        name: Name of the model. Defaults to `"pixda"`.

    Raises:
        ValueError: If the segmenter is not built or has another kind of output.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    loss_terms = (
        "source_loss",
        "target_loss",
        "adversarial_loss",
        "discriminator_source",
        "discriminator_target",
        "image_discriminator_source",
        "image_discriminator_target",
    )
    # Those of `measure_gradients`.
    measured_terms = ("gradient_share", "discriminator_accuracy")
    parts = ("segmenter", "discriminator", "image_discriminator", "style_transfer")
    accumulates = True
    smallest_side = 32

    def __init__(
        self,
        segmenter: keras.Model,
        discriminator: keras.Model | None = None,
        image_discriminator: keras.Model | None = None,
        style_transfer: keras.layers.Layer | bool | None = None,
        name: str = "pixda",
        **kwargs: Any,
    ) -> None:
        super().__init__(segmenter, name=name, **kwargs)
        if discriminator is None:
            discriminator = pixel_discriminator(self.num_classes)
        if image_discriminator is None:
            image_discriminator = _image_discriminator(self.num_classes)
        if style_transfer is None:
            style_transfer = FourierStyleTransfer(0.01)
        for network in (discriminator, image_discriminator):
            check_judges_classes(network, self.num_classes)
        self.discriminator = discriminator
        self.image_discriminator = image_discriminator
        self.style_transfer = style_transfer
        if style_transfer:
            style_transfer.build([(None, None, None, 3)] * 2)
        self.selection = SelectionState()
        self._measured = False

    # === Compile ===

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "sgd",
        discriminator_optimizer: str | keras.optimizers.Optimizer = "adam",
        image_discriminator_optimizer: str | keras.optimizers.Optimizer | None = None,
        loss: str | Callable | keras.losses.Loss | None = None,
        adversarial_loss: str | Callable | keras.losses.Loss | None = None,
        adversarial_weight: float = 0.1,
        measure_gradients: bool = False,
        adversarial_share: float | None = None,
        metrics: list | None = None,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configure training; `published_optimizers()` gives the published optimizers.

        Args:
            optimizer: Of the segmenter. Defaults to `"sgd"`.
            discriminator_optimizer: Of the pixel discriminator. Defaults to `"adam"`.
            image_discriminator_optimizer: Of the image discriminator. Defaults to
                `None`, one like the pixel discriminator's.
            loss: Segmentation loss of labels and logits, for both domains: whatever
                `keras.Model.compile` takes for one output, with its meaning there, or
                the name of a loss of this package. Its `ignore_class`, of a function
                its argument or attribute of that name, is the label of pixels that do
                not count. Defaults to `None`, `FocalLoss(gamma=2.0)`.
            adversarial_loss: Loss of the target labels and the pair (segmentation
                logits, discriminator logits), of the same kinds. Defaults to `None`,
                `PixAdvLoss()` with the `ignore_class` of `loss`.
            adversarial_weight: Of that loss in the segmenter's objective. Defaults
                to 0.1.
            measure_gradients: Whether `gradient_share` is logged, the norm of the
                segmenter's gradient of the weighted adversarial loss over that of the
                rest of its objective; and `discriminator_accuracy`, the share of the
                pixels of both domains that the pixel discriminator tells right. It
                costs a second way back through the target images. Defaults to `False`.
            adversarial_share: What `gradient_share` is held at, each step, in place of
                what the weight makes of it; measured, too. Defaults to `None`, the
                weight decides.
            metrics: Metrics of labels and logits. Defaults to `None`.
            auto_scale_loss: Whether every optimizer scales its loss when a network
                works in float16. Defaults to `True`.
            **kwargs: `accumulate`, the parts that a batch is done in, one after the
                other, for the memory of one part (defaults to 1), and as in
                `keras.Model.compile`; `loss_weights` is the weight of `loss`.

        Raises:
            ValueError: If a loss is not known, or two of losses and metrics have
                another `ignore_class`.
        """
        optimizer, self.discriminator_optimizer, self.image_discriminator_optimizer = (
            ready_optimizers(
                [
                    (optimizer, self.segmenter),
                    (discriminator_optimizer, self.discriminator),
                    (image_discriminator_optimizer, self.image_discriminator),
                ],
                auto_scale_loss,
            )
        )
        # What one of the two ignores, the other ignores too unless it says otherwise.
        if loss is None:
            ignored = getattr(as_loss(adversarial_loss), "ignore_class", 255)
            loss = FocalLoss(ignore_class=ignored)
        if adversarial_loss is None:
            ignored = getattr(as_loss(loss), "ignore_class", 255)
            adversarial_loss = PixAdvLoss(ignore_class=ignored)
        self.adversarial_loss = as_loss(adversarial_loss)
        self._adversarial_loss_given = only_one(adversarial_loss, "adversarial_loss")
        self.adversarial_weight = adversarial_weight
        self.adversarial_share = adversarial_share
        self.measure_gradients = measure_gradients
        self._report_measured(measure_gradients or adversarial_share is not None)
        super().compile(optimizer, loss, metrics, **kwargs)

    def compile_arguments(self) -> dict[str, Any]:
        """Arguments of `compile` as they are in force."""
        return {
            **super().compile_arguments(),
            "discriminator_optimizer": self.discriminator_optimizer,
            "image_discriminator_optimizer": self.image_discriminator_optimizer,
            "adversarial_loss": self._adversarial_loss_given,
            "adversarial_weight": self.adversarial_weight,
            "measure_gradients": self.measure_gradients,
            "adversarial_share": self.adversarial_share,
        }

    def _report_measured(self, measured):
        """Have trackers of the measured terms beside those of the losses, or not."""
        self._measured = measured
        self.loss_terms = type(self).loss_terms + self.measured_terms * measured
        present = {tracker.name for tracker in self.loss_trackers}
        for name in self.measured_terms:
            if measured and name not in present:
                self.loss_trackers.append(keras.metrics.Mean(name=name))

    @property
    def metrics(self) -> list:
        """As of every model here; the measured terms only where they are measured."""
        unused = () if self._measured else self.measured_terms
        return [metric for metric in super().metrics if metric.name not in unused]

    # === Train ===

    def losses_on(self, domain: str) -> Any:
        """The losses that look at the labels of a domain, or of an evaluation."""
        return [self.loss, self.adversarial_loss][: 2 if domain == "target" else 1]

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """One stage a network and domain; the segmenter first, on its source images.

        Args:
            part: The `BatchPart` to train on.
            updates: The `Updates` of the step.

        Returns:
            The loss terms, and the logits of the target images.
        """
        labels = part.labels
        source_logits, source_loss = self.train_on_source(part, updates)

        target_images = updates.after(part.images["target"])
        # Persistent: the discriminator's one answer on the target serves two losses.
        with tf.GradientTape(persistent=True) as tape:
            target_logits = self(target_images, training=True)
            target_map = ops.softmax(target_logits)
            answer = self.discriminator(target_map, training=True)
            target_loss = self.loss(labels["target"], target_logits)
            target_loss = part.scaled(target_loss, self.loss)
            adversarial_loss = self.adversarial_loss(
                labels["target"], (target_logits, answer)
            )
            adversarial_loss = part.scaled(adversarial_loss, self.adversarial_loss)
            loss = self.loss_weight * target_loss
            weighted = self.adversarial_weight * adversarial_loss
            regularization = self.regularization(self.segmenter) * part.share()
            total = loss + weighted + regularization
            loss += regularization
            pixel_target = part.share() * discriminator_loss(answer, TARGET)
        updates.add(
            tape, pixel_target, self.discriminator_optimizer, self.discriminator
        )
        if self._measured:
            updates.add(tape, loss, self.optimizer, self.segmenter)
            updates.add(tape, weighted, self.optimizer, self.segmenter, apart=True)
        else:
            updates.add(tape, total, self.optimizer, self.segmenter)

        pixel = self.discriminator, self.discriminator_optimizer
        pixel_source, source_answer = self.teach(
            *pixel, source_logits, SOURCE, part, updates
        )
        image = self.image_discriminator, self.image_discriminator_optimizer
        image_source, _ = self.teach(*image, source_logits, SOURCE, part, updates)
        image_target, _ = self.teach(*image, target_logits, TARGET, part, updates)

        terms = {
            "loss": self.loss_weight * source_loss + total,
            "source_loss": source_loss,
            "target_loss": target_loss,
            "adversarial_loss": adversarial_loss,
            "discriminator_source": pixel_source,
            "discriminator_target": pixel_target,
            "image_discriminator_source": image_source,
            "image_discriminator_target": image_target,
        }
        if self._measured:
            right = told_right(source_answer, SOURCE) + told_right(answer, TARGET)
            right *= part.share() / number_of_replicas()
            terms["discriminator_accuracy"] = right / 2
        return terms, target_logits

    def teach(
        self,
        discriminator: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        logits: Tensor,
        domain: str,
        part: BatchPart,
        updates: Updates,
    ) -> Any:
        """The stage of a discriminator on the maps of one domain.

        Args:
            discriminator: The network to train.
            optimizer: Of it.
            logits: Of the segmenter, to which no gradient flows.
            domain: `SOURCE` or `TARGET`.
            part: The `BatchPart` that they are of.
            updates: The `Updates` of the step.

        Returns:
            The discriminator's loss, and its domain logits.
        """
        probabilities = ops.softmax(updates.after(ops.stop_gradient(logits)))
        with tf.GradientTape() as tape:
            answer = discriminator(probabilities, training=True)
            loss = part.share() * discriminator_loss(answer, domain)
        updates.add(tape, loss, optimizer, discriminator)
        return loss, answer

    def before_updates(self, updates: Updates) -> dict[str, Tensor]:
        """The share of the adversarial gradient, which is held where it is to be.

        Args:
            updates: The `Updates` of the step.
        """
        if not self._measured:
            return {}
        adversarial = updates.norm(self.segmenter, apart=True)
        share = adversarial / ops.maximum(updates.norm(self.segmenter), 1e-30)
        factor = 1.0
        if self.adversarial_share is not None:
            factor = self.adversarial_share / ops.maximum(share, 1e-30)
        updates.join(self.segmenter, factor)
        # Each replica has gradients of its own; the mean of their shares is told.
        return {"gradient_share": share / number_of_replicas()}

    def selection_scores(self, source_images: Tensor, target_images: Tensor) -> Tensor:
        """How much each styled source image passes for a target image.

        Args:
            source_images: Shape `(batch, height, width, 3)`, 0..255.
            target_images: The looks to take on, the same shape.

        Returns:
            A float32 tensor of shape `(batch,)`: the mean over the image
            discriminator's map of its binary cross-entropy against the label source.
        """
        logits = self(self.stylise(source_images, target_images), training=False)
        answer = self.image_discriminator(ops.softmax(logits), training=False)
        return ops.mean(domain_loss(answer, SOURCE), axis=(1, 2, 3))

    def discriminator_accuracies(self, images: dict[str, Tensor]) -> dict[str, float]:
        """How often each discriminator is right on a training batch.

        Args:
            images: Dictionary of the batch's source and target images.

        Returns:
            A dictionary from the discriminator to the share of its answers, 0..1, that
            have the right sign.
        """
        source = self.stylise(images["source"], images["target"])
        maps = [ops.softmax(self(x, training=False)) for x in (source, images)]
        accuracies = {}
        for name in ("discriminator", "image_discriminator"):
            network = getattr(self, name)
            answers = [network(x, training=False) for x in maps]
            right = map(told_right, answers, (SOURCE, TARGET))
            accuracies[name.replace("_", " ")] = float(sum(right)) / 2
        return accuracies

    def distill(
        self,
        dataset: Any,
        steps: int = 200,
        weight: float = 0.5,
        alpha: float = 0.5,
        **fit_arguments: Any,
    ) -> keras.callbacks.History:
        """Last phase: train on the target alone, held to what the model says now.

        A frozen copy of the segmenter teaches; the optimizer and its schedule run on.

        Args:
            dataset: The `FewShotDomainDataset`, or any data set of training batches or
                of `(images, labels)`; only target images are used.
            steps: Batches to train on, if `dataset` has domains. Defaults to 200.
            weight: Of the distillation loss. Defaults to 0.5.
            alpha: Factor on the teacher's logits. Defaults to 0.5.
            **fit_arguments: As in `fit`.

        Returns:
            The `History` of the phase.

        Raises:
            ValueError: If the model is not compiled, or the data or `steps` do not fit.
        """
        refuse_weights(*map(fit_arguments.get, ("class_weight", "sample_weight")))
        if not isinstance(steps, numbers.Integral):
            raise ValueError(
                f"distill counts steps from 1, but steps is a {type(steps).__name__}: "
                "give labels as distill(images, y=labels)."
            )
        if steps < 1:
            raise ValueError(f"distill counts steps from 1, but steps is {steps}.")
        model = distillation_model(self, weight, alpha)
        if hasattr(dataset, "target_dataset"):
            dataset = dataset.target_dataset(steps=steps)
            # It has an order of its own.
            fit_arguments = {"shuffle": False, **fit_arguments}
        with passes_just_end():  # Data of one's own may end when they like.
            return model.fit(dataset, **fit_arguments)

    # === Save ===

    def save_own_variables(self, store: Any) -> None:
        """Save what selection has decided, with the weights."""
        super().save_own_variables(store)
        self.selection.save(store)

    def load_own_variables(self, store: Any) -> None:
        """Restore what selection has decided."""
        self.selection = SelectionState.load(store)


def told_right(answer: Tensor, domain: str) -> Tensor:
    """The share of domain logits that have the sign of their domain, 0..1."""
    return ops.mean(ops.cast((answer > 0) == bool(domain), "float32"))


# The constructor's argument has the name of the function.
_image_discriminator = image_discriminator
