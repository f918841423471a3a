"""What every model that adapts a segmenter to a few labelled target images shares."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.layers import resize_logits
from keras_pixda.losses.as_loss import as_loss, only_one
from keras_pixda.models.batch_normalization import set_trainability, trainability
from keras_pixda.models.check_segmenter import check_segmenter
from keras_pixda.private_keras import BuiltModel
from keras_pixda.replicas import number_of_replicas
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.checks import check_precision
from keras_pixda.training.compile_loss import (
    check_ignore_class,
    loss_weight,
    warn_of_probabilities,
)
from keras_pixda.training.fit_and_evaluate import FitAndEvaluate
from keras_pixda.training.label_check import LabelCheck
from keras_pixda.training.trained_forward import trained_forward
from keras_pixda.training.training_batch import (
    after_its_data,
    target_images,
    unpack_domains,
)
from keras_pixda.training.updates import Updates
from keras_pixda.typing import Tensor


class FewShotModel(FitAndEvaluate, LabelCheck, BuiltModel, keras.Model):
    """Base of models that train a segmenter on source and target batches together.

    It owns what does not depend on the method: the call is the segmenter, evaluation
    runs at label size, every optimizer scales its own loss in float16, `fit` follows a
    data set whose passes grow shorter, and all optimizers are saved with the model. A
    method subclasses it and writes `train_part`, and where it needs them the hooks
    `mix` and `after_updates`.

    A training batch is `({"source": images, "target": images}, {"source": labels,
    "target": labels})`, an evaluation batch `(images, labels)`. The images may have the
    key `"unlabelled"`, too, which a model that does not know it leaves alone.

    Example:

    ```python
    import keras
    import numpy as np
    from keras import ops
    from keras_pixda.methods import JointModel
    from keras_pixda.models import small_segmenter

    class WithAverage(JointModel):
        def __init__(self, segmenter, **kwargs):
            super().__init__(segmenter, **kwargs)
            self.average = keras.models.clone_model(segmenter)
            self.average.set_weights(segmenter.get_weights())

        def mix(self, images, labels):
            # The left half of each target image is pasted into a source image.
            def pasted(domains, left):
                return ops.where(left, domains["target"], domains["source"])

            left = ops.arange(48) < 24
            images = {**images, "source": pasted(images, left[:, None])}
            return images, {**labels, "source": pasted(labels, left)}

        def after_updates(self):
            pairs = zip(self.average.weights, self.segmenter.weights, strict=True)
            for average, weight in pairs:
                average.assign(0.5 * average + 0.5 * weight)

    model = WithAverage(small_segmenter(num_classes=3, filters=4))
    model.compile(keras.optimizers.SGD(0.1))
    before, *_ = model.segmenter.get_weights()
    images = np.random.default_rng(0).integers(0, 256, (1, 32, 48, 3))
    labels = np.random.default_rng(1).integers(0, 3, (1, 32, 48))
    both = ("source", "target")
    model.train_on_batch(dict.fromkeys(both, images), dict.fromkeys(both, labels))
    after, *_ = model.segmenter.get_weights()
    average, *_ = model.average.get_weights()
    assert np.allclose(average, (before + after) / 2, atol=1e-6)
    ```

    Args:
        segmenter: Any `keras.Model` from RGB images `(batch, height, width, 3)`,
            0..255, to logits `(batch, height, width, classes)`; smaller logits are
            resized to the image.
        **kwargs: As in `keras.Model`.

    Raises:
        ValueError: If the segmenter is not built or has another kind of output.
    """

    # The terms that a method's train_step reports beside the total, in this order.
    loss_terms = ()
    # The constructor's arguments that are networks or layers.
    parts = ("segmenter",)
    # Whether its batches may be done in parts.
    accumulates = False
    # Whether it trains on labelled target images, without which there is no "target".
    needs_target = True
    # Whether it cannot train without "unlabelled" images.
    needs_unlabelled = False
    # The least height and width of an image, in pixels, that its networks take.
    smallest_side = 1
    # Layer called on (source, target) images, if the method has one.
    style_transfer = None

    def __init__(self, segmenter: keras.Model, **kwargs: Any):
        # float32 here: autocasting images to half precision would lose grey levels.
        # The networks inside keep their own dtype policies.
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if keras.backend.backend() != "tensorflow":
            raise RuntimeError(
                "Training needs Keras on TensorFlow, but the backend is "
                f"{keras.backend.backend()!r}: set KERAS_BACKEND=tensorflow."
            )
        check_segmenter(segmenter)
        check_precision(segmenter)
        self.segmenter = segmenter
        self.num_classes = segmenter.output_shape[-1]
        self.loss_trackers = [
            keras.metrics.Mean(name=name) for name in ("loss", *self.loss_terms)
        ]
        self.built = True

    @property
    def outcome(self) -> keras.Model:
        """The network that training ends with, which is measured, saved and served."""
        return self.segmenter

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build: the networks inside are built."""

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        """Logits of images, float32, at the size of the images.

        A training batch is answered with the logits of its target images.
        """
        network = self.segmenter if training else self.outcome
        images, xla = target_images(images), training and self.jit_compile
        return logits_of(network, images, training, xla)

    # === Compile ===

    def compile(
        self,
        optimizer: Any,
        loss: Any = None,
        metrics: Any = None,
        accumulate: int = 1,
        loss_weights: Any = None,
        **kwargs: Any,
    ) -> None:
        """Configure training with an optimizer from `ready_optimizers`.

        Args:
            optimizer: Of the segmenter, scaled and built.
            loss: What `keras.Model.compile` takes for one output, with its meaning
                there, or the name of a loss of this package. Defaults to `None`.
            metrics: Metrics of labels and logits. Defaults to `None`.
            accumulate: Parts that a batch is done in, one after the other, for the
                memory of one part. Defaults to 1.
            loss_weights: Weight of the segmentation loss, a number. Defaults to
                `None`, 1.
            **kwargs: As in `keras.Model.compile`.
        """
        self.loss = as_loss(loss)
        warn_of_probabilities(self.loss)
        self.loss_weight = loss_weight(loss_weights)
        self._loss_given = only_one(loss)
        self.agreed = check_ignore_class(
            *self.losses_on("target"),
            *keras.tree.flatten([metrics, kwargs.get("weighted_metrics")]),
        )
        if accumulate != 1 and not self.accumulates:
            raise ValueError(
                f"{type(self).__name__} looks at its batches as a whole: accumulate is "
                f"{accumulate}, expected 1."
            )
        if accumulate < 1:
            raise ValueError(f"accumulate is {accumulate}, expected at least 1.")
        self.accumulate = accumulate
        self._metrics_given = keras.saving.serialize_keras_object(metrics)
        super().compile(optimizer, metrics=metrics, auto_scale_loss=False, **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        """Arguments of `compile`, serialized."""
        if not self.compiled:
            return {}
        return keras.saving.serialize_keras_object(self.compile_arguments())

    def compile_arguments(self) -> dict[str, Any]:
        """Arguments of `compile` as they are in force; methods add theirs."""
        return {
            "optimizer": self.optimizer,
            "loss": self._loss_given,
            "loss_weights": self.loss_weight,
            "metrics": self._metrics_given,
            "accumulate": self.accumulate,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    # === Train ===

    @after_its_data
    def train_step(self, data: Any) -> dict[str, Tensor]:
        """One step: the parts of a batch one after the other, then all updates."""
        images, labels, weights = self.unpack(data)
        images, labels = self.mix(images, labels)
        updates, totals = Updates(), {}
        for part in BatchPart.split(images, labels, self.accumulate, weights):
            part = part.after(updates)
            terms, logits = self.train_part(part, updates)
            for name, value in terms.items():
                totals[name] = totals.get(name, 0.0) + value
            self.compute_metrics(
                part.images, part.labels, logits, part.weights.get("target")
            )
        totals |= self.before_updates(updates)
        updates.apply()
        self.after_updates()
        domain = "target" if "target" in images else "source"
        self.track(ops.shape(images[domain])[0], **totals)
        return self.get_metrics_result()

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """Train on a part of a batch; every method writes its own.

        Args:
            part: The `BatchPart`; all of the batch unless it is done in parts.
            updates: The `Updates` of the step, which takes the gradients.

        Returns:
            The loss terms by name, `"loss"` for the total, which add up over the parts
            to those of the batch; and the logits of the target images, which the
            compiled metrics measure, or without target images of the source images.
        """
        raise NotImplementedError

    def unpack(self, data: Any) -> tuple:
        """Images, labels and sample weights of a batch, each a dict of its domains."""
        return *unpack_domains(data, self.smallest_side, self), {}

    def mix(self, images: Any, labels: Any) -> tuple:
        """A hook: the images and labels to train on in place of those of a batch.

        It runs on the device, inside the compiled step, before the batch is divided
        into parts.

        Args:
            images: Dict of the domains' images, as the data set gives them.
            labels: Dict of the domains' labels.

        Returns:
            Both, changed or as they are.
        """
        return images, labels

    def before_updates(self, updates: Updates) -> dict[str, Tensor]:
        """A hook: further terms, of all gradients of a step, inside the compiled step.

        Args:
            updates: The `Updates` of the step, which may be changed.
        """
        return {}

    def after_updates(self) -> None:
        """A hook: what is to follow the updates of a step, inside the compiled step."""

    @property
    def trainable_weights(self) -> list:
        """The weights that `optimizer` updates: the segmenter's."""
        if self._counting:
            return super().trainable_weights
        return self.segmenter.trainable_weights

    @property
    def trainable_variables(self) -> list:
        """The variables that `optimizer` updates: the segmenter's."""
        return self.segmenter.trainable_variables

    @property
    def metrics(self) -> list:
        """The loss first, as in Keras, then its terms and the compiled metrics."""
        # Keras's own tracker of the loss stays unused: it would report a second "loss".
        return [
            self.loss_trackers[0],
            *(m for m in super().metrics if m.name != "loss"),
        ]

    def stylise(self, source_images: Tensor, target_images: Tensor) -> Tensor:
        """Source images in the look of the target images, float32."""
        source_images = ops.cast(source_images, "float32")
        if not self.style_transfer:
            return source_images
        return self.style_transfer((source_images, target_images))

    def regularization(self, network: keras.Model) -> Tensor:
        """The losses of a network's own layers, this replica's part of them."""
        return sum(network.losses) / number_of_replicas()

    def train_on_source(self, part: BatchPart, updates: Updates) -> Any:
        """The stage of a part's source images, in the look of its target images.

        Args:
            part: The `BatchPart` to train on.
            updates: The `Updates` of the step.

        Returns:
            Logits and segmentation loss of the source images, not weighted.
        """
        images = self.stylise(part.images["source"], part.images["target"])
        with tf.GradientTape() as tape:
            logits = self(images, training=True)
            loss = self.loss(part.labels["source"], logits)
            loss = part.scaled(loss, self.loss, "source")
            weighted = self.loss_weight * loss
        updates.add(tape, weighted, self.optimizer, self.segmenter)
        return logits, loss

    def track(self, batch_size: Any, **terms: Tensor) -> Any:
        """Take the value of each loss term into its running mean.

        The terms of a replica are parts that add up over the replicas to the loss of
        the whole batch, while the trackers take means.
        """
        replicas = number_of_replicas()
        for tracker in self.loss_trackers:
            if tracker.name in terms:
                value = terms[tracker.name] * replicas
                tracker.update_state(value, sample_weight=batch_size)

    # === Config ===

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this model."""
        config = super().get_config()
        del config["dtype"]
        # Keras forgets what is only fixed, and all of a backbone that a class builds.
        fixed = trainability(self.segmenter)
        return {
            **config,
            **({"batch_normalization": fixed} if fixed else {}),
            **{
                name: keras.saving.serialize_keras_object(getattr(self, name))
                for name in self.parts
            },
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FewShotModel":
        """Rebuild a model from its config."""
        config = dict(config)
        for name in cls.parts:
            config[name] = keras.saving.deserialize_keras_object(config[name])
        fixed = config.pop("batch_normalization", None)
        model = cls(**config)
        if fixed:
            set_trainability(model.segmenter, fixed)
        return model


# === Parts ===


def logits_of(
    segmenter: keras.Model, images: Tensor, training: bool, jit_compile: bool = False
) -> Tensor:
    """Every output's logits of raw images, float32, at the size of the images."""
    images = ops.cast(images, "float32")
    if training and not jit_compile:  # XLA chooses its operations itself.
        logits = trained_forward(segmenter, images)
    else:
        logits = segmenter(images, training=training)
    return keras.tree.map_structure(
        lambda x: resize_logits(ops.cast(x, "float32"), ops.shape(images)[1:3]), logits
    )
