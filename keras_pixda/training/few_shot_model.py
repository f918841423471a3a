"""What every model that adapts a segmenter to a few labelled target images shares."""

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.half_precision import dtypes_of, tell_slow_half_precision
from keras_pixda.layers import resize_logits
from keras_pixda.losses.as_loss import as_loss, only_one
from keras_pixda.models.check_segmenter import check_segmenter
from keras_pixda.optimizers import SharedLossScaleOptimizer
from keras_pixda.replicas import number_of_replicas
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.checks import check_every_rate_is_used, check_precision
from keras_pixda.training.compile_loss import (
    check_ignore_class,
    loss_weight,
    warn_of_probabilities,
)
from keras_pixda.training.fit_and_evaluate import FitAndEvaluate
from keras_pixda.training.label_check import LabelCheck
from keras_pixda.training.training_batch import target_images
from keras_pixda.training.updates import Updates


class FewShotModel(FitAndEvaluate, LabelCheck, keras.Model):
    """Base of models that train a segmenter on source and target batches together.

    It owns what does not depend on the method: the call is the segmenter, evaluation
    runs at label size, every optimizer scales its own loss in float16, `fit` follows a
    data set whose passes grow shorter, and all optimizers are saved with the model. A
    method subclasses it and writes `train_step`.

    A training batch is `({"source": images, "target": images}, {"source": labels,
    "target": labels})`, an evaluation batch `(images, labels)`.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods import PixDAModel
    from keras_pixda.models import small_segmenter

    model = PixDAModel(small_segmenter(num_classes=3, filters=4))
    model.predict(np.zeros((1, 32, 48, 3), dtype="uint8"), verbose=0).shape
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
    # Layer called on (source, target) images, if the method has one.
    style_transfer = None

    def __init__(self, segmenter, **kwargs):
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

    def build(self, input_shape=None):
        """Nothing to build: the networks inside are built."""

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Nothing is left to build. Under a strategy Keras would take the mean of a
        # first batch over all replicas to build by, which several machines cannot do
        # with dictionaries; it has no public way to say that a model needs none.
        pass

    def call(self, images, training=False):
        """Logits of images, float32, at the size of the images.

        A training batch is answered with the logits of its target images.
        """
        return logits_of(self.segmenter, target_images(images), training)

    # === Compile ===

    def compile(
        self,
        optimizer,
        loss=None,
        metrics=None,
        accumulate=1,
        loss_weights=None,
        **kwargs,
    ):
        """Configure training with an optimizer from `compile_optimizers`.

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

    def compile_optimizers(self, optimizers, auto_scale_loss):
        """Scale losses if a network works in float16, and build every optimizer.

        Args:
            optimizers: Pairs of an optimizer, or `None` for one like that of the pair
                before, and the network it updates.
            auto_scale_loss: Whether to wrap optimizers in a `LossScaleOptimizer`.

        Returns:
            The optimizers, ready to be updated and saved.
        """
        networks = [network for _, network in optimizers]
        tell_slow_half_precision(*set().union(*map(dtypes_of, networks)))
        scale = auto_scale_loss and any(map(works_in_float16, networks))
        ready = []
        for optimizer, network in optimizers:
            check_precision(network)
            if optimizer is None:
                optimizer = type(ready[-1]).from_config(ready[-1].get_config())
            optimizer = keras.optimizers.get(optimizer)
            scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            shared = isinstance(optimizer, SharedLossScaleOptimizer)
            if scaled and not shared and number_of_replicas() > 1:
                raise ValueError(
                    f"{optimizer.name!r} looks for infinite gradients on the first "
                    "replica only: take keras_pixda.optimizers.SharedLossScaleOptimizer"
                    " in its place, or leave the scaling to auto_scale_loss."
                )
            if scale and not scaled:
                optimizer = SharedLossScaleOptimizer(optimizer)
            # Built at once: an optimizer without slots is saved and restored empty.
            if not optimizer.built:
                optimizer.build(network.trainable_variables)
            check_every_rate_is_used(optimizer, network)
            ready.append(optimizer)
        return ready

    def get_compile_config(self):
        """Arguments of `compile`, serialized."""
        if not self.compiled:
            return {}
        return keras.saving.serialize_keras_object(self.compile_arguments())

    def compile_arguments(self):
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

    def compile_from_config(self, config):
        """Compile as saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    # === Train ===

    @property
    def trainable_weights(self):
        """The weights that `optimizer` updates: the segmenter's."""
        if self._counting:
            return super().trainable_weights
        return self.segmenter.trainable_weights

    @property
    def trainable_variables(self):
        """The variables that `optimizer` updates: the segmenter's."""
        return self.segmenter.trainable_variables

    @property
    def metrics(self):
        """Loss terms and compiled metrics."""
        # Keras's own tracker of the loss stays unused: it would report a second "loss".
        own = self.loss_trackers[0]
        return [m for m in super().metrics if m is own or m.name != "loss"]

    def stylise(self, source_images, target_images):
        """Source images in the look of the target images, float32."""
        source_images = ops.cast(source_images, "float32")
        if not self.style_transfer:
            return source_images
        return self.style_transfer((source_images, target_images))

    def regularization(self, network):
        """The losses of a network's own layers, this replica's part of them."""
        return sum(network.losses) / number_of_replicas()

    def train_on_source(self, part, updates):
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

    def train_on_parts(self, images, labels, train_part):
        """Train on a batch in `accumulate` parts, one after the other.

        Args:
            images: Of the domains.
            labels: Of the domains.
            train_part: Function of a `BatchPart` and the `Updates` that returns the
                part's terms by name, which add up to the batch's, and target logits.

        Returns:
            The logs of the step.
        """
        updates, totals = Updates(), {}
        for part in BatchPart.split(images, labels, self.accumulate):
            part = part.after(updates)
            terms, logits = train_part(part, updates)
            totals = {n: totals.get(n, 0.0) + value for n, value in terms.items()}
            self.compute_metrics(part.images, part.labels, logits)
        updates.apply()
        self.track(ops.shape(images["source"])[0], **totals)
        return self.get_metrics_result()

    def update(self, tape, losses):
        """Update every network by its own loss.

        Args:
            tape: The persistent `tf.GradientTape` that recorded the losses.
            losses: Triples of a loss, its optimizer and the network to update.
        """
        updates = Updates()
        for loss, optimizer, network in losses:
            updates.add(tape, loss, optimizer, network)
        updates.apply()

    def track(self, batch_size, **terms):
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

    def get_config(self):
        """Arguments that rebuild this model."""
        config = super().get_config()
        del config["dtype"]
        return {
            **config,
            **{
                name: keras.saving.serialize_keras_object(getattr(self, name))
                for name in self.parts
            },
        }

    @classmethod
    def from_config(cls, config):
        """Rebuild a model from its config."""
        config = dict(config)
        for name in cls.parts:
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


# === Parts ===


def logits_of(segmenter, images, training):
    """Every output's logits of raw images, float32, at the size of the images."""
    images = ops.cast(images, "float32")
    return keras.tree.map_structure(
        lambda x: resize_logits(ops.cast(x, "float32"), ops.shape(images)[1:3]),
        segmenter(images, training=training),
    )


def works_in_float16(network):
    """Whether any layer of a network computes in float16."""
    return any(
        layer.compute_dtype == "float16" or works_in_float16(layer)
        for layer in getattr(network, "layers", [])
    )
