"""A training that is killed and resumed against one that is not."""

import csv
import signal
import warnings

import keras
import numpy as np
import pytest

from keras_pixda.callbacks import (
    ExactResume,
    HistoryCSV,
    Preempted,
    Preemption,
    ProgressLine,
)
from keras_pixda.training.fit_steps import fit_steps

STEPS = 11
BATCHES = 4  # Of a pass: the last one of three is not whole.


class Killed(BaseException):
    pass


class Data(keras.utils.PyDataset):
    """Numbers that depend on the pass and the place in it alone."""

    def __init__(self):
        super().__init__(workers=2)
        self.epoch = 0
        self.first_batch = 0

    def __len__(self):
        return BATCHES - self.first_batch

    def __getitem__(self, index):
        random = np.random.default_rng([self.epoch, self.first_batch + index])
        return random.normal(size=(3, 5)), random.normal(size=(3, 1))


class Kill(keras.callbacks.Callback):
    """Dies at the n-th call of a hook."""

    def __init__(self, hook, count):
        super().__init__()
        self.count = count

        def die(*args, **kwargs):
            self.count -= 1
            if self.count == 0:
                raise Killed

        setattr(self, hook, die)


class Warn(Kill):
    """Tells its process to stop."""

    def __init__(self, hook, count):
        super().__init__(hook, count)

        def warn(*args, **kwargs):
            self.count -= 1
            if self.count == 0:
                signal.raise_signal(signal.SIGTERM)

        setattr(self, hook, warn)


def build(float16=False):
    keras.utils.set_random_seed(3)
    dtype = "mixed_float16" if float16 else "float32"
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, dtype=dtype),
            keras.layers.Dropout(0.5, dtype=dtype),
            keras.layers.BatchNormalization(dtype=dtype),
            keras.layers.Dense(1, dtype=dtype),
        ]
    )
    rate = keras.optimizers.schedules.PolynomialDecay(0.1, 100)
    optimizer = keras.optimizers.Adam(rate, use_ema=True, ema_momentum=0.9)
    if float16:
        # Overflows in about every third step, and grows in between.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, 2.0**17, 2)
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def run(folder, *more, every=3, float16=False):
    model, data = build(float16), Data()
    history = HistoryCSV(folder / "history.csv")
    follow = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(data, "epoch", epoch)
    )
    resume = ExactResume(folder / "state", every=every)
    line = ProgressLine("training", STEPS, verbose=False)
    try:
        fit_steps(model, data, STEPS, [follow, resume, history, line, *more])
    finally:
        history.close()
    return model, line


def everything(model, folder):
    values = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    return [*values, (folder / "history.csv").read_bytes()]


def assert_same(one, other):
    assert len(one) == len(other)
    for value, wanted in zip(one, other, strict=True):
        np.testing.assert_array_equal(value, wanted)


# Each session goes on from the one before; counts are of the session.
KILLS = [
    (3, "on_train_batch_begin", 2),  # Before the first state within a pass.
    (1, "on_train_batch_end", 3),
    (3, "on_epoch_end", 1),
    (1, "on_epoch_begin", 2),
    (2, "on_train_batch_begin", 4),
    (3, "on_epoch_end", 1),
    (2, "on_train_batch_end", 3),
    (2, "on_epoch_end", 1),  # The last one, of a begun pass.
    (5, "on_train_end", 1),
]


@pytest.mark.parametrize("float16", [False, True])
def test_one_kill_after_another_changes_nothing(tmp_path, float16):
    for folder in ("whole", "killed"):
        (tmp_path / folder).mkdir()
    whole, _ = run(tmp_path / "whole", float16=float16)
    wanted = everything(whole, tmp_path / "whole")
    if float16:
        assert 0 < int(whole.optimizer.iterations) < STEPS  # Some were skipped.
    folder = tmp_path / "killed"
    for every, *point in KILLS:
        with pytest.raises(Killed):
            run(folder, Kill(*point), every=every, float16=float16)
    model, line = run(folder, float16=float16)
    assert line.done == STEPS
    assert_same(everything(model, folder), wanted)
    # It has ended: nothing is trained, written or added again.
    states = sorted((folder / "state").iterdir())
    model, _ = run(folder, float16=float16)
    assert_same(everything(model, folder), wanted)
    assert states == sorted((folder / "state").iterdir())


# Where a signal comes, and the step that its session has saved.
SIGNALS = [
    ("on_train_batch_begin", 2, 2),  # After the step that has begun.
    ("on_train_batch_end", 1, 3),
    ("on_train_batch_end", 1, 4),  # The last one of a pass: before the next one.
    ("on_epoch_begin", 1, 4),
    ("on_train_batch_begin", 3, 7),
    ("on_epoch_end", 1, 8),
]


@pytest.mark.parametrize("float16", [False, True])
def test_a_signal_saves_the_step_and_stops(tmp_path, float16):
    for folder in ("whole", "stopped"):
        (tmp_path / folder).mkdir()
    whole, _ = run(tmp_path / "whole", float16=float16)
    folder = tmp_path / "stopped"
    for hook, count, step in SIGNALS:
        with Preemption(), pytest.raises(Preempted, match="SIGTERM"):
            run(folder, Warn(hook, count), every=100, float16=float16)
        facts, _ = ExactResume(folder / "state").states.newest()
        assert facts["epoch"] * BATCHES + facts["batch"] == step
    model, _ = run(folder, float16=float16)
    wanted = everything(whole, tmp_path / "whole")
    assert_same(everything(model, folder), wanted)


def test_a_damaged_state_costs_steps_and_nothing_else(tmp_path):
    for folder in ("whole", "killed"):
        (tmp_path / folder).mkdir()
    whole, _ = run(tmp_path / "whole")
    wanted = everything(whole, tmp_path / "whole")
    folder = tmp_path / "killed"
    for damaged in (1, 2):
        with pytest.raises(Killed):
            run(folder, Kill("on_train_batch_begin", 9), every=1)
        states = sorted((folder / "state").iterdir())
        assert len(states) == 2
        for path in states[-damaged:]:
            path.write_bytes(path.read_bytes()[:-5])
        with pytest.warns(UserWarning, match="is damaged|begins anew") as said:
            model, _ = run(folder)
        own = [str(w.message) for w in said if w.category is UserWarning]
        assert ("training begins anew" in own[-1]) == (damaged == 2)
        assert_same(everything(model, folder), wanted)
        for path in (folder / "state").iterdir():
            path.unlink()
        (folder / "history.csv").unlink()


def test_the_history_has_each_pass_once(tmp_path):
    with pytest.raises(Killed):
        run(tmp_path, Kill("on_epoch_end", 2), every=100)
    run(tmp_path)
    with (tmp_path / "history.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2"]


def test_no_state_is_written_with_numbers_that_are_not_finite(tmp_path):
    class Break(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            weights = self.model.layers[0].kernel
            if batch == 1:  # The next thing is to save.
                weights.assign(weights * np.inf)

    with pytest.raises(ValueError, match=r"kernel is no longer finite: no state"):
        run(tmp_path, Break(), every=2)
    arrays = ExactResume(tmp_path / "state").states.newest()[1]
    assert all(np.isfinite(array).all() for array in arrays)


def test_a_state_of_another_training_is_refused(tmp_path):
    with pytest.raises(Killed):
        run(tmp_path, Kill("on_epoch_end", 1))
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="state of another training"):
        fit_steps(model, Data(), STEPS, [ExactResume(tmp_path / "state")])
    with pytest.raises(ValueError, match="every counts steps from 1"):
        ExactResume(tmp_path, every=0)


def test_no_warning_of_keras_is_left_over(tmp_path):
    with pytest.raises(Killed):
        run(tmp_path, Kill("on_train_batch_begin", 3), every=1)
    run(tmp_path)
    with pytest.warns(UserWarning, match="ran out of data"):
        warnings.warn("Your input ran out of data", stacklevel=1)
