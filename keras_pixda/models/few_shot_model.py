"""What every model that adapts a segmenter to a few labelled target images shares."""

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.datasets import (
    FewShotDomainDataset,
    distribute,
    distribute_evaluation,
)
from keras_pixda.freed_memory import keep_freed_memory
from keras_pixda.half_precision import dtypes_of, tell_slow_half_precision
from keras_pixda.layers import resize_logits
from keras_pixda.losses.as_loss import as_loss, only_one
from keras_pixda.models.batch_part import BatchPart
from keras_pixda.models.checks import (
    check_classes,
    check_every_rate_is_used,
    check_precision,
    check_segmenter,
)
from keras_pixda.models.compile_loss import (
    check_ignore_class,
    loss_weight,
    records_of,
    warn_of_probabilities,
)
from keras_pixda.models.given_data import (
    check_callbacks,
    look_at_evaluation_data,
    look_at_training_data,
    refuse_weights,
    target_of_domains,
)
from keras_pixda.models.guarded_fit import guarded_fit
from keras_pixda.models.label_check import LabelCheck
from keras_pixda.models.pass_length import PassLength, passes_just_end
from keras_pixda.models.training_batch import (
    after_its_data,
    check_domains,
    target_images,
    target_part,
)
from keras_pixda.models.updates import Updates
from keras_pixda.optimizers import SharedLossScaleOptimizer
from keras_pixda.replicas import number_of_replicas, sum_over_replicas


class FewShotModel(LabelCheck, keras.Model):
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
    from keras_pixda.models import PixDAModel, small_segmenter

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
    # Whether it was said already that images do not look like raw ones.
    images_seen = False
    # Whether trainable weights are to be those of all networks, for the summary.
    _counting = False
    _evaluating = False
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

    @guarded_fit
    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
    ):
        """As `keras.Model.fit`, for training batches of both domains.

        A `FewShotDomainDataset` alone decides the order of its batches, whatever
        `shuffle` says, and a pass that sample selection shortened just ends. Training
        batches as validation data are answered for by their target images. Weights of
        classes are given to the loss; `class_weight` and `sample_weight` are refused.

        `BadNumbers` is called before all other callbacks, unless `bad_numbers` is
        `False`.
        """
        refuse_weights(class_weight, sample_weight)
        check_callbacks(keras.tree.flatten(callbacks), x)
        x = look_at_training_data(self, x, y)
        strategy = self.distribute_strategy
        if isinstance(validation_data, keras.utils.PyDataset):
            check_classes(validation_data, self.num_classes)
            validation_data, steps = distribute_evaluation(
                target_of_domains(validation_data), strategy
            )
            validation_steps = validation_steps or steps
        arguments = {
            "batch_size": batch_size,
            "epochs": epochs,
            "verbose": verbose,
            "validation_split": validation_split,
            "validation_data": validation_data,
            "shuffle": shuffle and not isinstance(x, FewShotDomainDataset),
            "initial_epoch": initial_epoch,
            "steps_per_epoch": steps_per_epoch,
            "validation_steps": validation_steps,
            "validation_batch_size": validation_batch_size,
            "validation_freq": validation_freq,
        }
        changing = isinstance(x, keras.utils.PyDataset)
        if not changing or isinstance(callbacks, keras.callbacks.CallbackList):
            return super().fit(x, y, callbacks=callbacks, **arguments)
        # Others are shared out by Keras.
        distributed = strategy.num_replicas_in_sync > 1 and hasattr(x, "part")
        pass_length = PassLength(x, steps_per_epoch, distributed)
        if distributed:
            x = distribute(x, strategy)
        if callbacks is None:
            callbacks = []
        elif not isinstance(callbacks, list | tuple):
            callbacks = [callbacks]
        callbacks = keras.callbacks.CallbackList(
            [pass_length, *callbacks],
            add_history=True,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=epochs,
            steps=pass_length.steps,
            model=self,
        )
        pass_length.callbacks = callbacks
        with passes_just_end():
            return super().fit(x, y, callbacks=callbacks, **arguments)

    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, return_dict=False
    ):
        """As `keras.Model.train_on_batch`, for a training batch of both domains."""
        refuse_weights(class_weight, sample_weight)
        check_domains(x, y)
        return super().train_on_batch(x, y, return_dict=return_dict)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Metrics; those of a training batch are of its target images."""
        if isinstance(y, dict):
            x, y = x["target"], y["target"]
        return super().compute_metrics(x, y, y_pred, sample_weight)

    # === Evaluate ===

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """As `keras.Model.evaluate`; replicas share a `SegmentationDataset`.

        Training batches are answered for by their target images, and a
        `FewShotDomainDataset` by its shots, each once and as it is.
        """
        keep_freed_memory()
        # Within `fit` Keras has its data at hand already.
        if not kwargs:
            check_ignore_class(self.agreed, *records_of(x))
            x = look_at_evaluation_data(self, x, y)
            x, rounds = distribute_evaluation(
                target_of_domains(x), self.distribute_strategy
            )
            steps = steps or rounds
        self._evaluating = True
        try:
            return super().evaluate(
                x,
                y,
                batch_size=batch_size,
                verbose=verbose,
                sample_weight=sample_weight,
                steps=steps,
                callbacks=callbacks,
                return_dict=return_dict,
                **kwargs,
            )
        finally:
            self._evaluating = False

    def get_metrics_result(self):
        """As `keras.Model.get_metrics_result`; an evaluation has no terms of a step."""
        results = super().get_metrics_result()
        if self._evaluating:
            # The same names as in the logs of a step, or Keras takes one replica's.
            results = {k: v for k, v in results.items() if k not in self.loss_terms}
        return results

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """As `keras.Model.predict`; of training batches, the target images."""
        x = look_at_evaluation_data(self, x)
        return super().predict(
            x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks
        )

    @after_its_data
    def test_step(self, data):
        """Loss and metrics of `(images, labels)`, at the size of the labels."""
        images, labels, sample_weight = target_part(data)
        logits = self(images, training=False)
        logits = resize_logits(logits, ops.shape(labels)[1:3])
        loss = self.loss_weight * self.loss(labels, logits, sample_weight)
        loss += self.regularization(self.segmenter)
        # The last batch may be smaller on some replicas, or only fill up the round.
        batch_size = sum_over_replicas(self._images_that_count(labels))
        self.track(batch_size / number_of_replicas(), loss=loss)
        results = self.compute_metrics(images, labels, logits, sample_weight)
        return {k: v for k, v in results.items() if k not in self.loss_terms}

    def _images_that_count(self, labels):
        if number_of_replicas() == 1 or self.agreed is None:
            return ops.cast(ops.shape(labels)[0], "float32")
        labelled = ops.not_equal(ops.cast(labels, "int32"), self.agreed.ignore_class)
        axes = tuple(range(1, len(labels.shape)))
        return ops.sum(ops.cast(ops.any(labelled, axis=axes), "float32"))

    # === Show and export ===

    def summary(self, *args, **kwargs):
        """As `keras.Model.summary`; the totals are those of all networks."""
        self._counting = True
        try:
            super().summary(*args, **kwargs)
        finally:
            self._counting = False

    def export(
        self,
        filepath,
        format="tf_saved_model",
        verbose=None,
        input_signature=None,
        **kwargs,
    ):
        """As `keras.Model.export`, of the segmenter, which is all that is served.

        `keras_pixda.serving.export_segmenter` also checks what it has written.
        """
        from keras_pixda.serving.converter_errors import converter_errors

        size = self.segmenter.inputs[0].shape[1:3]
        with converter_errors(self.segmenter, format, size):
            return self.segmenter.export(
                filepath, format, verbose, input_signature, **kwargs
            )

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
