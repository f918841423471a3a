"""Stop at numbers that are not finite, report discriminators that have collapsed."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_pixda.finite import first_not_finite
from keras_pixda.losses.label_assertion import clear_label_errors
from keras_pixda.losses.wrong_labels import WrongLabelsError
from keras_pixda.typing import Logs

# Checks in a row, and how near to 0 or 1 an accuracy is then.
STUCK, MARGIN = 3, 0.001


class BadNumbers(keras.callbacks.Callback):
    """Look after every step whether losses and weights are still finite.

    If not, training stops with an error that names the loss term, or the variable that
    the gradients broke, and the files of the batch; nothing is saved after that. Where
    the loss is scaled, in float16, the optimizer has skipped the step: that is
    reported, the running means of the pass begin anew, and training stops only after
    many such steps in a row.

    Now and then the model is asked how often its discriminators are right. One that
    keeps being always right or always wrong teaches nothing any more: that is reported.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.callbacks import BadNumbers
    from keras_pixda.losses import FocalLoss

    segmenter = keras.Sequential([keras.layers.Conv2D(3, 1)])
    segmenter.compile("sgd", FocalLoss())
    images, labels = np.full((1, 32, 32, 3), np.nan), np.zeros((1, 32, 32))
    try:
        segmenter.fit(images, labels, callbacks=[BadNumbers()], verbose=0)
    except ValueError as error:
        message = str(error)
    assert message.startswith("In batch 1 of pass 1, loss is nan.")
    ```

    Args:
        dataset: What is fitted; `batch_names` of the data sets of this package gives
            the files of a batch. Defaults to `None`.
        patience: Steps in a row that may be skipped. Defaults to 30.
        every: Steps from one look at the discriminators to the next. Defaults to 100.

    Raises:
        ValueError: If a number is not finite and the step was not skipped.
    """

    def __init__(self, dataset: Any = None, patience: int = 30, every: int = 100):
        super().__init__()
        self.dataset = dataset
        self.patience = patience
        self.every = every
        self._epoch = self._begun = self._steps = self._skipped = 0
        self._stuck = {}
        self._evaluates = False
        self._sum_of_weights = self._scaled = None
        self._iterations = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Compile the look at the weights."""

        @tf.function
        def sum_of_weights():
            # Now, after the first step, since a model can be built in it.
            weights = [tf.cast(weight, "float32") for weight in self.model.weights]
            return tf.add_n([0.0, *map(tf.reduce_sum, weights)])

        self._sum_of_weights = sum_of_weights
        scaled = keras.optimizers.LossScaleOptimizer
        self._scaled = isinstance(self.model.optimizer, scaled)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Note the pass."""
        self._epoch = epoch
        self._iterations = int(self.model.optimizer.iterations.numpy())

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Note the batch."""
        self._begun = batch

    def on_test_begin(self, logs: Logs = None) -> None:
        """Note that an evaluation goes on."""
        self._evaluates = True

    def on_test_end(self, logs: Logs = None) -> None:
        """Note that it has ended."""
        self._evaluates = False

    @contextlib.contextmanager
    def naming_batches(self) -> Iterator[None]:
        """Let errors about wrong labels say in which batch of a `fit` they are."""
        self._evaluates = False
        try:
            with clear_label_errors():
                yield
        except WrongLabelsError as error:
            if self._evaluates:
                where = f"In the evaluation of pass {self._epoch + 1}, {error}"
            else:
                last = self._begun + self.model.steps_per_execution - 1
                where = self._where(str(error).rstrip("."), last)
            raise ValueError(where) from None

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at losses, weights and, now and then, discriminators."""
        known = getattr(self.model, "loss_terms", ())
        # Metrics may be NaN by right, such as the IoU of a class that is absent.
        losses = [name for name in logs if name in known or name.endswith("loss")]
        terms = [name for name in losses if not np.isfinite(logs[name])]
        # The total breaks with any of its terms.
        terms = [name for name in terms if name != "loss"] or terms
        what = ", ".join(f"{name} is {logs[name]}" for name in terms)
        # A finite sum has finite terms, and is cheaper than a look at each; that of
        # large finite ones can be infinite.
        broken = None
        if not np.isfinite(self._sum_of_weights()):
            broken = first_not_finite(self.model.weights)
        if broken is not None:
            what = what or f"the losses are finite, but the gradients broke {broken}"
            self._stop(what, batch)
        if terms and not self._scaled:
            self._stop(what, batch)
        if self._scaled:
            self._count_skipped(what, batch)
        self._steps += 1
        if self._steps % self.every == 0:
            self._look_at_discriminators(batch)

    def _count_skipped(self, what, batch):
        before = self._iterations
        self._iterations = int(self.model.optimizer.iterations.numpy())
        if self._iterations > before and not what:
            self._skipped = 0
            return
        self._skipped += 1
        if self._skipped >= self.patience:
            what = what or "the gradients are not finite"
            self._stop(f"{what}, {self._skipped} steps in a row were skipped", batch)
        if what:
            print(f"\nSkipped a step: {self._where(what, batch)}", flush=True)
            self.model.reset_metrics()

    def _stop(self, what, batch):
        raise ValueError(
            f"{self._where(what, batch)} Look at these files; if they are right, lower "
            "the learning rates. Nothing was saved since the last state."
        )

    def _where(self, what, batch):
        places = range(self._begun, batch + 1)
        text = f"In batch {batch + 1} of pass {self._epoch + 1}, {what}."
        if not hasattr(self.dataset, "batch_names"):
            return text
        names = [keras.tree.flatten(self.dataset.batch_names(i)) for i in places]
        files = list(dict.fromkeys(str(name) for some in names for name in some))
        return f"{text} Its files: {', '.join(files)}."

    def _look_at_discriminators(self, batch):
        if not hasattr(self.model, "discriminator_accuracies"):
            return
        if not hasattr(self.dataset, "batch_names"):
            return  # To read a batch again may change what comes next.
        images, _ = self.dataset[batch]
        for name, accuracy in self.model.discriminator_accuracies(images).items():
            extreme = min(accuracy, 1 - accuracy) <= MARGIN
            self._stuck[name] = self._stuck.get(name, 0) + 1 if extreme else 0
            if self._stuck[name] == STUCK:
                print(
                    f"\nThe {name} has collapsed: the last {STUCK} times, {self.every} "
                    f"steps apart, its accuracy was {accuracy:.3f}. Change its "
                    "learning rate.",
                    flush=True,
                )

    def get_state(self) -> list:
        """What was counted."""
        return [self._steps, self._skipped, self._stuck]

    def set_state(self, state: list | None) -> None:
        """Go on counting."""
        self._steps, self._skipped, self._stuck = state or (0, 0, {})
