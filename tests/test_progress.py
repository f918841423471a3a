import io

import keras
import numpy as np
import pytest

from keras_pixda import progress as module
from keras_pixda.callbacks import ProgressLine
from keras_pixda.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets: `clock.now = 3.0`."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_terminal_line_is_redrawn_and_ends_once(clock):
    terminal = Terminal()
    progress = Progress("reading", 100, stream=terminal)
    for done in range(1, 101):
        clock.now += 0.25
        progress(done, note="loss 0.123 and more than fits into the line " * 3)
    drawn = terminal.getvalue().split("\r")[1:]
    assert len(drawn) == 100
    assert all(len(line.rstrip("\n")) <= 79 for line in drawn)
    assert "50/100" in drawn[49]
    assert "0:12 left" in drawn[49]
    assert terminal.getvalue().count("\n") == 1
    assert "0:25" in drawn[-1]


def test_a_terminal_is_redrawn_five_times_a_second_at_most(clock):
    terminal = Terminal()
    progress = Progress("reading", 1000, stream=terminal)
    for done in range(1, 1001):
        clock.now += 0.01
        progress(done)
    assert 30 <= terminal.getvalue().count("\r") <= 51


def test_a_pause_leaves_an_open_line_once(clock):
    terminal = Terminal()
    progress = Progress("reading", 10, stream=terminal)
    clock.now = 1.0
    progress(1)
    progress.pause()
    progress.pause()
    assert terminal.getvalue().count("\n") == 1


def test_a_log_gets_a_line_a_tenth_of_a_long_job_and_the_last_of_a_short_one(clock):
    log = io.StringIO()
    progress = Progress("long", 1000, stream=log)
    for done in range(1, 1001):
        clock.now += 0.1
        progress(done)
    assert len(log.getvalue().splitlines()) == 10
    log = io.StringIO()
    progress = Progress("short", 1000, stream=log)
    for done in range(1, 1001):
        clock.now += 0.001
        progress(done)
    assert len(log.getvalue().splitlines()) == 1
    assert Progress("quiet", 2, verbose=False, stream=log)(2) is None
    assert len(log.getvalue().splitlines()) == 1


def test_hours_are_shown(clock):
    log = io.StringIO()
    progress = Progress("night", 2, stream=log)
    progress(1)
    clock.now = 2 * 3600 + 61.0
    progress(2)
    assert "2:01:01" in log.getvalue()


def test_the_callback_counts_over_passes_and_restarts(capsys):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((4, 2)), np.zeros((4, 1))
    for steps in (8, 12):  # The second line starts at the optimizer's 8.
        line = ProgressLine("training", steps)
        epochs = 2 if steps == 8 else 1
        model.fit(x, y, batch_size=1, epochs=epochs, callbacks=[line], verbose=0)
        assert f"{steps}/{steps}" in capsys.readouterr().out
    assert line.done == 12
