"""Go on after a kill as if nothing had happened."""

import contextlib
import warnings
from collections.abc import Sequence

import keras

from keras_pixda.callbacks.pass_length import passes_just_end
from keras_pixda.callbacks.replica_values import ReplicaValues
from keras_pixda.callbacks.state_folder import StateFolder
from keras_pixda.finite import first_not_finite
from keras_pixda.machines import bytes_of_chief, bytes_of_machines
from keras_pixda.preemption import Preempted, note_step, stop_reason
from keras_pixda.private_keras import begin_at_pass
from keras_pixda.replicas import is_chief, number_of_machines
from keras_pixda.typing import FilePath, Logs


class ExactResume(keras.callbacks.Callback):
    """Save the whole state of a training and take it up again, in midst of a pass.

    A training that was killed at any moment and is started again ends with the numbers
    of one that never was: weights, optimizer slots, loss scales, random seeds, running
    means of the metrics, the position in the data, and what other callbacks have
    counted and decided. On a CPU with deterministic operations they are the same to the
    last bit. `keras.callbacks.BackupAndRestore` saves less, and only between passes.

    The state is written every so many steps and at the beginning of each pass, as a
    whole or not at all. It is checked when it is read; a damaged one is warned of, and
    the one before is taken. It is never written with numbers that are not finite. That
    training has ended is saved too, and then nothing is trained again: delete the
    folder once its result is in a safe place. Inside a `Preemption` it is saved too
    when training is asked to stop.

    Under a `tf.distribute` strategy the state has what each replica holds, and goes on
    on as many. Of several machines the first alone reads and writes the folder, and
    tells the others what it has read: all go on from the same state. Those that are
    left when one has died have to be started again with it.

    A callback takes part if it has the methods `get_state()`, which returns JSON
    values, and `set_state(values)`, where `None` means from the beginning.

    Example:

    ```python
    import tempfile
    import keras
    from keras_pixda.callbacks import ExactResume
    from keras_pixda.datasets import SegmentationDataset, gta5
    from keras_pixda.losses import FocalLoss
    from keras_pixda.toy_scenes import toy_scenes

    def train(dataset, folder):
        model = keras.Sequential([keras.Input((32, 48, 3)), keras.layers.Conv2D(19, 1)])
        model.compile("sgd", FocalLoss())
        resume = ExactResume(folder, dataset, callbacks=[], every=2)
        model.fit(dataset, shuffle=False, callbacks=[resume], verbose=0)
        return model.get_weights()

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        dataset = SegmentationDataset(gta5(f"{root}/gta5"), image_size=(32, 48))
        kernel, bias = train(dataset, f"{root}/state")
        # Once more: the state says that training has ended.
        again, _ = train(dataset, f"{root}/state")
    assert (again == kernel).all()
    ```

    Args:
        folder: Where the states are written, of this training alone.
        dataset: What is fitted: a data set of this package, whose batches depend on
            their position alone; fit with `shuffle=False`. Defaults to `None`, to be
            set before `fit`.
        callbacks: The other callbacks of the training. Defaults to `None`, to be set
            before `fit`.
        every: Steps from one state to the next. Defaults to 100.

    Attributes:
        states: The `StateFolder`.

    Raises:
        ValueError: If `every` is less than 1.
    """

    def __init__(
        self,
        folder: FilePath,
        dataset: keras.utils.PyDataset | None = None,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        every: int = 100,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"every counts steps from 1, received {every}.")
        self.folder = folder
        self.dataset = dataset
        self.callbacks = callbacks
        self.every = every
        self.states = StateFolder(folder)
        self._epoch = self._begun = self._unsaved = 0
        self._finished = self._saved = False
        self._metrics = self._strategy = self._values = None
        self._quiet = contextlib.ExitStack()

    # === Training ===

    def on_train_begin(self, logs: Logs = None) -> None:
        """Take up the newest state."""
        if keras.backend.backend() != "tensorflow":
            # JAX, for one, has the weights in the model at the end of an epoch alone.
            raise RuntimeError(
                "ExactResume needs Keras on TensorFlow, use "
                "keras.callbacks.BackupAndRestore on another backend."
            )
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self._strategy = self.model.distribute_strategy
        self._values = ReplicaValues(self._strategy)
        state, damaged = self._newest()
        self._saved = state is not None
        if state is not None:
            self._restore(*state)
        elif damaged:
            warnings.warn(
                f"{self.folder} holds no state that can be used: training begins anew.",
                stacklevel=2,
            )
            for callback in self._others():
                callback.set_state(None)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Save, or go on in midst of a pass."""
        self._epoch = epoch
        if self._metrics is not None:
            # Now, because Keras has just reset them.
            self._restore_metrics()
        elif self._unsaved or not self._saved:
            self._save(0)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Save after so many steps; end a pass that is shorter than the first one."""
        if batch >= len(self.dataset):
            # Keras would ask for as many batches as the first pass has, and warn.
            self._quiet.enter_context(passes_just_end())
            raise StopIteration
        note_step(begins=True)
        stop = self._stop_reason()
        if self._unsaved >= self.every or (stop and self._unsaved):
            self._save(self.dataset.first_batch + batch)
        if stop:
            note_step(begins=False)
            raise Preempted(stop)
        self._begun = batch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Count."""
        self._unsaved += batch - self._begun + 1
        note_step(begins=False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Let the next pass be a whole one."""
        self._quiet.close()
        self.dataset.first_batch = 0

    def on_train_end(self, logs: Logs = None) -> None:
        """Note that there is nothing left to do."""
        begin_at_pass(self.model, None)
        if not self._finished:
            self._finished = True
            self._save(0)

    # === Machines ===

    def _newest(self):
        """The newest state and whether one was damaged, as the first machine has it."""
        if number_of_machines(self._strategy) == 1:
            return self.states.newest(), bool(self.states.damaged)

        def read():
            data = self.states.newest_bytes() or b""
            return bytes([bool(self.states.damaged)]) + data

        told = bytes_of_chief(self._strategy, read)
        return self.states.parse(told[1:]) if told[1:] else None, bool(told[0])

    def _stop_reason(self):
        """Why all machines stop now, be only one of them asked to."""
        reasons = bytes_of_machines(self._strategy, (stop_reason() or "").encode())
        return next((reason.decode() for reason in reasons if reason), None)

    # === State ===

    def _save(self, batch):
        variables = [*_variables(self.model), *self.model.metrics_variables]
        arrays, apart = self._values.read(variables, _updated_together(self.model))
        broken = first_not_finite(variables, arrays)
        if broken:
            raise ValueError(
                f"{broken} is no longer finite: no state is written to {self.folder}, "
                "which keeps the one before."
            )
        if is_chief(self._strategy):
            self.states.write(self._facts(batch, apart), arrays)
        self._saved, self._unsaved = True, 0

    def _facts(self, batch, apart):
        facts = {
            "epoch": self._epoch,
            "batch": batch,
            "finished": self._finished,
            "callbacks": [callback.get_state() for callback in self._others()],
            "metrics": len(self.model.metrics_variables),
        }
        if self._values.replicas > 1:
            facts |= {"replicas": self._values.replicas, "apart": apart}
        return facts

    def _restore(self, facts, arrays):
        variables, others = _variables(self.model), self._others()
        replicas = facts.get("replicas", 1)
        if replicas != self._values.replicas:
            raise ValueError(
                f"{self.folder} holds the state of a training on {replicas} replicas, "
                f"received {self._values.replicas}: go on with as many devices, or "
                "begin anew."
            )
        own = len(arrays) - facts["metrics"]
        apart = facts.get("apart", [])
        found = [(array.shape, array.dtype) for array in arrays[:own]]
        wanted = self._values.forms(variables, apart)
        if found != wanted or len(facts["callbacks"]) != len(others):
            raise ValueError(
                f"{self.folder} holds the state of another training: {own} variables "
                f"and {len(facts['callbacks'])} callbacks, or other shapes, expected "
                f"{len(variables)} and {len(others)}."
            )
        self._values.assign(variables, arrays[:own], apart)
        for callback, values in zip(others, facts["callbacks"], strict=True):
            callback.set_state(values)
        self._metrics = arrays[own:], [n - own for n in apart if n >= own]
        self._finished = facts["finished"]
        self.dataset.first_batch = facts["batch"]
        # No pass is left after the last one.
        begin_at_pass(self.model, 2**62 if self._finished else facts["epoch"])

    def _restore_metrics(self):
        arrays, apart = self._metrics
        if len(self.model.metrics_variables) != len(arrays):
            # Keras makes those given to `compile` when they see a first batch.
            images, labels = self.dataset[0]
            self._strategy.run(
                lambda: self.model.compute_metrics(images, labels, self.model(images))
            )
        self._values.assign(self.model.metrics_variables, arrays, apart)
        self._metrics = None

    def _others(self):
        return [
            callback for callback in self.callbacks if hasattr(callback, "get_state")
        ]


def _variables(model):
    """Weights, random seeds and optimizer variables of a model, each once."""
    variables = [
        *model.variables,
        *(v for o in _optimizers(model) for v in o.variables),
    ]
    return list({id(variable): variable for variable in variables}.values())


def _updated_together(model):
    """What optimizers have of a model: they add up gradients over the replicas."""
    optimizers = _optimizers(model)
    return [*model.trainable_variables, *(v for o in optimizers for v in o.variables)]


def _optimizers(model):
    values = vars(model).values()
    return [value for value in values if isinstance(value, keras.optimizers.Optimizer)]
