import io
import re
import subprocess
import sys
import types

import keras
import numpy as np
import pytest

from keras_pixda import progress as module
from keras_pixda.callbacks import ProgressLine
from keras_pixda.progress import Progress

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ERASE = "\r\x1b[2K"


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def lines(self):
        """What was drawn over one another, in plain text."""
        text = self.getvalue().replace(ERASE, "\f")
        return [line.rstrip() for line in CONTROL.sub("", text).split("\f")]


class AsciiTerminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


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


def test_a_terminal_line_is_redrawn_and_ends_once(clock, terminal):
    progress = Progress("reading", 100, stream=terminal)
    for done in range(1, 101):
        clock.now += 0.25
        progress(done, note="loss 0.123 [b] and more than fits into the line " * 3)
    drawn = terminal.lines()
    assert len(drawn) == 101  # Also when it ends.
    assert all(len(line) <= 80 for line in drawn)
    assert all(line.startswith("reading") for line in drawn)
    assert "50/100 00:13 left loss 0.123 [b]" in drawn[49]
    assert terminal.getvalue().count("\n") == 1
    assert CONTROL.sub("", terminal.getvalue()).endswith("\n")
    assert "100/100 00:25" in drawn[-1]
    assert "left" not in drawn[-1]


def test_a_narrow_terminal_keeps_one_line(clock, terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    progress = Progress("reading", 3, stream=terminal)
    for done in (1, 2, 3):
        clock.now += 1.0
        progress(done, note="loss 0.123, loss 0.123, loss 0.123")
    assert terminal.getvalue().count("\n") == 1
    assert max(map(len, terminal.lines())) <= 50


def test_a_terminal_is_redrawn_five_times_a_second_at_most(clock, terminal):
    progress = Progress("reading", 1000, stream=terminal)
    notes = []
    for done in range(1, 1001):
        clock.now += 0.01
        progress(done, note=lambda: notes.append(1) or "")
    assert 30 <= len(terminal.lines()) <= 53
    assert len(notes) <= 52  # What is not shown is not made.


def test_the_cursor_is_never_left_hidden(clock, terminal):
    progress = Progress("reading", 10, stream=terminal)
    progress(1)  # And then an error ends it.
    shown, hidden = "\x1b[?25h", "\x1b[?25l"
    assert terminal.getvalue().rindex(shown) > terminal.getvalue().rindex(hidden)


def test_a_pause_leaves_an_open_line_once(clock, terminal):
    progress = Progress("reading", 10, stream=terminal)
    progress.pause()
    assert terminal.getvalue() == ""
    progress(1)
    progress.pause()
    progress.pause()
    assert terminal.getvalue().count("\n") == 1
    clock.now = 1.0
    progress(10)
    progress.pause()
    assert terminal.getvalue().count("\n") == 2


def test_a_log_gets_a_line_a_tenth_of_a_long_job_and_the_last_of_a_short_one(clock):
    log = io.StringIO()
    progress = Progress("long", 1000, stream=log)
    for done in range(1, 1001):
        clock.now += 0.1
        progress(done, note=f"loss {done} " + 99 * "x")
    lines = log.getvalue().splitlines()
    assert len(lines) == 10
    assert max(map(len, lines)) <= 79
    # No control characters and no bar.
    assert re.fullmatch(r"long +500/1000 00:5\d left loss 500 x+", lines[4])
    log = io.StringIO()
    progress = Progress("short", 1000, stream=log)
    for done in range(1, 1001):
        clock.now += 0.001
        progress(done)
    assert log.getvalue().split() == ["short", "1000/1000", "00:01"]
    assert Progress("quiet", 2, verbose=False, stream=log)(2) is None
    assert len(log.getvalue().splitlines()) == 1


def test_a_stream_of_ascii_is_no_obstacle(clock, terminal):
    for kind in (io.TextIOWrapper, AsciiTerminal):
        stream = kind(io.BytesIO(), "ascii")
        progress = Progress("reading", 2, stream=stream)
        for done in (1, 2):
            clock.now += 3.0
            progress(done, note="x" * 99)
        stream.flush()
        assert b"2/2" in stream.buffer.getvalue()


def test_a_notebook_shows_one_line_that_changes(clock, monkeypatch):
    shown = []

    class Handle:
        def update(self, content, raw):
            shown.append(content["text/plain"])

    def display(content, raw, display_id):
        assert raw
        assert display_id
        Handle().update(content, raw)
        return Handle()

    class ZMQInteractiveShell:
        config = {}

    shell = ZMQInteractiveShell()
    monkeypatch.setattr("builtins.get_ipython", lambda: shell, raising=False)
    ipython = types.ModuleType("IPython.display")
    ipython.display = display
    monkeypatch.setitem(sys.modules, "IPython.display", ipython)
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    progress = Progress("training", 3)
    for done in range(1, 4):
        clock.now += 1.0
        progress(done, note="loss 0.5")
    assert output.getvalue() == ""
    assert [line.split()[1] for line in shown] == ["1/3", "2/3", "3/3"]
    assert shown[1] == "training       2/3 00:01 left loss 0.5"


def test_a_slow_job_has_an_estimate_without_its_first_step(clock):
    log = io.StringIO()
    progress = Progress("cells", 10, stream=log)
    for done in range(1, 4):
        clock.now += 600.0 if done == 1 else 100.0
        progress(done)
    assert "3/10 11:40 left" in log.getvalue()


def test_hours_are_shown(clock):
    log = io.StringIO()
    progress = Progress("night", 2, stream=log)
    progress(1)
    clock.now = 2 * 3600 + 61.0
    progress(2)
    assert "2:01:01" in log.getvalue()


def test_nothing_is_loaded_before_it_is_shown():
    program = (
        "import sys; from keras_pixda.progress import Progress; "
        "Progress('a', 2, verbose=False)(1); assert 'rich' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


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
