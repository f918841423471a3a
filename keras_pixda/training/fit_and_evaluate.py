"""`fit`, `evaluate`, `predict`, `summary` and `export`, with the arguments of Keras."""

from typing import Any

import keras
from keras import ops

from keras_pixda.callbacks.pass_length import PassLength, passes_just_end
from keras_pixda.datasets import (
    FewShotDomainDataset,
    distribute,
    distribute_evaluation,
)
from keras_pixda.freed_memory import keep_freed_memory
from keras_pixda.layers import resize_logits
from keras_pixda.replicas import number_of_replicas, sum_over_replicas
from keras_pixda.training.checks import check_classes
from keras_pixda.training.compile_loss import check_ignore_class, records_of
from keras_pixda.training.given_data import (
    check_callbacks,
    look_at_evaluation_data,
    look_at_training_data,
    refuse_weights,
    target_of_domains,
)
from keras_pixda.training.guarded_fit import guarded_fit
from keras_pixda.training.training_batch import (
    after_its_data,
    check_domains,
    target_part,
)
from keras_pixda.typing import FilePath, Tensor


class FitAndEvaluate:
    """Part of a `FewShotModel`: what its users call, as they know it from Keras.

    Training data are batches of both domains, or of a model that needs one only, plain
    ones; evaluation and prediction take plain images, or batches of both domains, of
    which they take the target images.

    Example:

    ```python
    import inspect
    import keras
    from keras_pixda.methods import PixDAModel

    ours = inspect.signature(PixDAModel.evaluate).parameters
    assert list(ours) == list(inspect.signature(keras.Model.evaluate).parameters)
    ```
    """

    # Whether it trains on batches of both domains, to which weights do not belong.
    both_domains = True
    # Whether it was said already that images do not look like raw ones.
    images_seen = False
    # How many axes the data of each kind of step had last.
    ranks_seen = {}
    # Whether trainable weights are to be those of all networks, for the summary.
    _counting = False
    # Whether the results of metrics are those of an evaluation.
    _evaluating = False

    # === Train ===

    @guarded_fit
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> keras.callbacks.History:
        """As `keras.Model.fit`, for the batches that the model trains on.

        A `FewShotDomainDataset` alone decides the order of its batches, whatever
        `shuffle` says, and a pass that sample selection shortened just ends. Training
        batches as validation data are answered for by their target images. Weights of
        classes are given to the loss: `class_weight` is refused, and `sample_weight` if
        the model trains on both domains.

        `BadNumbers` is called before all other callbacks, unless `bad_numbers` is
        `False`.
        """
        refuse_weights(class_weight, sample_weight if self.both_domains else None)
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
            "sample_weight": sample_weight,
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
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """As `keras.Model.train_on_batch`, for a batch that the model trains on."""
        refuse_weights(class_weight, sample_weight if self.both_domains else None)
        if self.both_domains:
            check_domains(x, y, self)
        return super().train_on_batch(x, y, sample_weight, return_dict=return_dict)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Tensor]:
        """Metrics; those of a training batch are of its target images.

        Without labelled target images they are of its source images.
        """
        if isinstance(y, dict):
            domain = "target" if "target" in y else "source"
            x, y = x[domain], y[domain]
        return super().compute_metrics(x, y, y_pred, sample_weight)

    # === Evaluate ===

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """As `keras.Model.evaluate`; replicas share a `SegmentationDataset`.

        Training batches are answered for by their target images, and a
        `FewShotDomainDataset` by its shots, each once and as it is, if it has any.
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

    def get_metrics_result(self) -> dict[str, Any]:
        """As `keras.Model.get_metrics_result`; an evaluation has no terms of a step."""
        results = super().get_metrics_result()
        if self._evaluating:
            # The same names as in the logs of a step, or Keras takes one replica's.
            results = {k: v for k, v in results.items() if k not in self.loss_terms}
        return results

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """As `keras.Model.predict`; of training batches, the target images."""
        x = look_at_evaluation_data(self, x)
        return super().predict(
            x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks
        )

    @after_its_data
    def test_step(self, data: Any) -> dict[str, Tensor]:
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

    def summary(self, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.summary`; the totals are those of all networks."""
        self._counting = True
        try:
            super().summary(*args, **kwargs)
        finally:
            self._counting = False

    def export(
        self,
        filepath: FilePath,
        format: str = "tf_saved_model",
        verbose: Any = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """As `keras.Model.export`, of the segmenter, which is all that is served.

        `keras_pixda.serving.export_segmenter` also checks what it has written.
        """
        from keras_pixda.serving.converter_errors import converter_errors

        size = self.outcome.inputs[0].shape[1:3]
        with converter_errors(self.outcome, format, size):
            return self.outcome.export(
                filepath, format, verbose, input_signature, **kwargs
            )
