"""Signals and alarms of this very process."""

import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest

from keras_pixda import preemption
from keras_pixda.preemption import (
    Preempted,
    Preemption,
    listen_again,
    note_step,
    stop_reason,
)


def handlers():
    return [signal.getsignal(x) for x in (signal.SIGTERM, signal.SIGUSR1)]


def test_a_signal_is_noted_and_ends_what_is_no_step_after_a_while():
    before = handlers()
    with Preemption(["SIGUSR1"], grace=0.05):
        assert stop_reason() is None
        signal.raise_signal(signal.SIGUSR1)
        assert stop_reason() == "SIGUSR1"
        with pytest.raises(Preempted, match=r"stopped \(SIGUSR1\)"):
            time.sleep(10)
    assert stop_reason() is None
    assert handlers() == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_step_is_never_cut():
    with Preemption(grace=0.02):
        note_step(begins=True)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)  # Of someone in a hurry.
        time.sleep(0.1)
        note_step(begins=False)
        with pytest.raises(Preempted):
            time.sleep(10)


def test_time_is_up():
    began = time.monotonic()
    with Preemption(after=0.05, grace=0.05), pytest.raises(Preempted, match="time is"):
        time.sleep(10)
    assert time.monotonic() - began < 5


def test_child_processes_are_told(monkeypatch):
    told = []

    class Child:
        def terminate(self):
            told.append(self)

    children = [Child(), Child()]
    monkeypatch.setattr(preemption.multiprocessing, "active_children", lambda: children)
    with Preemption():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert told == children


PARENT = """
import multiprocessing
import os
import time

from keras_pixda.preemption import Preemption, end_with_parent

def work(ready):
    with Preemption(grace=60):  # Which SIGTERM alone does not end.
        end_with_parent(grace=0.2)
        ready.set()
        time.sleep(60)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=work, args=(ready,))
    child.start()
    ready.wait()
    os._exit(9)
"""


def test_a_child_ends_with_its_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    # Its output ends when the last process that has it does.
    found = subprocess.run([sys.executable, script], capture_output=True, timeout=50)
    assert found.returncode == 9, found.stderr


def test_it_crosses_processes():
    stopped = pickle.loads(pickle.dumps(Preempted("SIGTERM")))
    assert (stopped.code, stopped.reason) == (75, "SIGTERM")


@pytest.mark.parametrize("name", ["SIGFOO", "SIGALRM", "SIG_DFL", "term"])
def test_what_is_no_signal_is_refused(name):
    with pytest.raises(ValueError, match=r"is no signal to wait for.*SIGUSR1"):
        Preemption([name])


def test_times_and_places_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="after is -1, expected seconds above 0"):
        Preemption(after=-1)
    with Preemption(), pytest.raises(ValueError, match="one at a time"):
        Preemption().__enter__()
    raised = []

    def enter():
        try:
            Preemption().__enter__()
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])


def test_a_signal_that_a_library_took_is_taken_back():
    with Preemption(grace=60) as preemption:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # As TensorFlow on several hosts.
        listen_again()
        signal.raise_signal(signal.SIGTERM)
        assert preemption.reason == "SIGTERM"
    listen_again()  # Nobody waits for any.
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
