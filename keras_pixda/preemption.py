"""The end of a training, at once and in a way that it can go on from."""

import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence

# What schedulers and `sysexits.h` call a failure that another try may mend.
EXIT_STATUS = 75

# Windows has none.
_ALARM = getattr(signal, "SIGALRM", None)

_in_force = None


class Preempted(SystemExit):
    """A training was asked to stop, and another process can go on with it.

    Who does not catch it leaves the process with the exit status 75.

    Example:

    ```python
    from keras_pixda.callbacks import Preempted

    assert Preempted("SIGTERM").code == 75
    ```

    Args:
        reason: Why, in a word.
    """

    def __init__(self, reason: str):
        super().__init__(EXIT_STATUS)
        self.reason = reason

    def __reduce__(self):
        return type(self), (self.reason,)

    def __str__(self) -> str:
        return f"stopped ({self.reason})"


class Preemption:
    """Stop a training on a signal or after some time, its state saved.

    A context manager. `ExactResume` saves the state after the step that is being done
    and raises `Preempted`. Where no step is done, in an evaluation, a selection or
    between two phases, it is raised after `grace` seconds; what was saved before is
    whole, and what had come since is done again. Child processes of
    `multiprocessing` get SIGTERM as well.

    Example:

    ```python
    import os
    import signal
    import tempfile
    import keras
    import numpy as np
    from keras_pixda.callbacks import ExactResume, Preempted, Preemption

    class Batches(keras.utils.PyDataset):
        first_batch = 0

        def __len__(self):
            return 4 - self.first_batch

        def __getitem__(self, index):
            return np.zeros((1, 2)), np.zeros((1, 1))

    class Warn(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                os.kill(os.getpid(), signal.SIGTERM)

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    data, stopped = Batches(), False
    with tempfile.TemporaryDirectory() as folder, Preemption():
        resume = ExactResume(folder, data, callbacks=[])
        try:
            model.fit(data, callbacks=[resume, Warn()], verbose=0)
        except Preempted:
            stopped = True
        facts, _ = resume.states.newest()
    assert stopped
    assert facts["batch"] == 2
    ```

    Args:
        signals: Names of the signals that say so, besides SIGTERM, such as the warning
            that a queue sends. Defaults to none.
        after: Seconds after which to stop in any case. Defaults to `None`, never.
        grace: Seconds that what is no step may go on. Defaults to 10.

    Raises:
        ValueError: If there is no such signal, `after` is not positive, or it is
            entered outside the main thread or in another one of its kind.
    """

    def __init__(
        self,
        signals: Sequence[str] = (),
        after: float | None = None,
        grace: float = 10.0,
    ):
        self.signals = [_signal(name) for name in ("SIGTERM", *signals)]
        if after is not None and not 0 < after < math.inf:
            raise ValueError(f"after is {after}, expected seconds above 0.")
        if after is not None and _ALARM is None:
            raise ValueError("after needs the signal SIGALRM, which Windows has not.")
        self.after = after
        self.grace = grace
        self.reason = None
        self._in_step = False
        self._before = {}

    def __enter__(self) -> "Preemption":
        global _in_force
        if threading.current_thread() is not threading.main_thread() or _in_force:
            raise ValueError("Preemption is for the main thread, one at a time.")
        self._before = self._listen()
        if self.after is not None:
            _tell_in(self.after)
        _in_force = self
        return self

    def __exit__(self, *_) -> None:
        global _in_force
        _in_force = None
        _tell_in(0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _listen(self):
        """Be told of the signals; returns who was so before."""
        numbers = {*self.signals, _ALARM} - {None}
        return {number: signal.signal(number, self._told) for number in numbers}

    def _told(self, number, frame):
        """A first signal notes the wish; the alarm set by it ends what is no step."""
        if self.reason is None:
            timed = number == _ALARM
            self.reason = "time is up" if timed else signal.Signals(number).name
            for child in multiprocessing.active_children():
                child.terminate()
        elif number != _ALARM:
            return  # The alarm is on its way.
        elif not self._in_step:
            raise Preempted(self.reason)
        _tell_in(self.grace)


def stop_reason() -> str | None:
    """Why training is to stop now, in a word, or `None` if it is to go on."""
    return _in_force and _in_force.reason


def note_step(begins: bool) -> None:
    """Say that a step begins, or that it has ended."""
    if _in_force:
        _in_force._in_step = begins


def listen_again() -> None:
    """Take back signals that a library has begun to listen to by itself.

    TensorFlow takes SIGTERM where several machines work together.
    """
    if _in_force:
        _in_force._listen()


def end_with_parent(grace: float = 30.0) -> None:
    """End this child process where its parent has died, as by SIGKILL.

    Nobody would read what it finds, and who goes on with the work of the parent would
    have it write into the same files.

    Args:
        grace: Seconds that it has, from a SIGTERM on, to save its state.
            Defaults to 30.
    """

    def wait():
        multiprocessing.parent_process().join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _tell_in(seconds):
    """Set the alarm, 0 for none."""
    if _ALARM is not None:
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _signal(name):
    number = getattr(signal, str(name).upper(), None)
    if not isinstance(number, signal.Signals) or number == _ALARM:
        names = ("SIGTERM", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGINT")
        raise ValueError(
            f"{name!r} is no signal to wait for, expected one such as "
            f"{', '.join(n for n in names if hasattr(signal, n))}."
        )
    return number
