import signal
import subprocess
import sys

import pytest

from keras_pixda.commands.stderr_filter import pump

KNOWN = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to "
    "STDERR",
    "I0000 00:00:1795655966.202476    7495 cudart_stub.cc:31] Could not find cuda",
    "I0000 00:00:1795656203.354705    8625 port.cc:153] oneDNN custom operations",
    "2026-01-01 00:00:00.000001: I tensorflow/core/util/port.cc:153] oneDNN custom",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild",
    "E0000 00:00:1795656218.562679 8642 cuda_platform.cc:52] failed call to cuInit: X",
    "E0000 00:00:1795656218.562679 8642 x.cc:8] Unable to register cuFFT factory",
    "E0000 00:00:1795656218.5 8642 meta_optimizer.cc:966] remapper failed: INVALID",
    "WARNING:tensorflow:5 out of the last 7 calls to <f> triggered tf.function "
    "retracing. Tracing is expensive",
]
UNKNOWN = [
    "E0000 00:00:1795656218.562679 8642 cuda_dnn.cc:9] Loaded runtime CuDNN library",
    "W0000 00:00:1795656218.562679 8642 gpu_device.cc:1] Skipping registering GPU",
    "WARNING:tensorflow:Something else",
    "error: images/a.png: expected 3 channels",
    "Traceback (most recent call last):",
    "I think, therefore",
    "",
    "\u00e4",
]


def pumped(text, sizes):
    """What comes out when the text goes in by pieces of these sizes, and the pieces."""
    data, pieces = text.encode(), []
    coming = iter(sizes)
    position = 0

    def read():
        nonlocal position
        size = next(coming, len(data))
        position += size
        return data[position - size : position]

    ends = []
    pump(read, pieces.append, b"END", lambda: ends.append(b"".join(pieces)))
    return b"".join(pieces).decode(), pieces, ends


@pytest.mark.parametrize("sizes", [(), [1] * 3000, [7] * 3000])
def test_known_lines_go_and_all_others_pass_in_order(sizes):
    lines = [line for pair in zip(KNOWN, UNKNOWN, strict=False) for line in pair]
    lines += KNOWN[len(UNKNOWN) :]
    shown, _, _ = pumped("\n".join([*lines, "END", "after"]), sizes)
    assert shown.splitlines() == [*UNKNOWN, "after"]


def test_a_line_that_is_not_complete_is_shown_at_once():
    text = "reading 1/2\rreading 2/2, I0000 done\nI0000 cut"
    shown, pieces, _ = pumped(text, [8, len(text) - 8])
    assert pieces[0] == b"reading "
    assert shown == "reading 1/2\rreading 2/2, I0000 done\n"


def test_the_end_is_told_when_all_before_it_is_shown():
    _, _, ends = pumped("one\nEND\ntwo\n", [1] * 20)
    assert ends == [b"one\n"]


SCRIPT = """
import os, sys
from keras_pixda.commands.stderr_filter import filtered_stderr
with filtered_stderr():
    os.write(2, b"I0000 00:00:1.2 3 port.cc:1] known\\n")
    print("from Python", file=sys.stderr)
    os.write(2, b"from C\\n")
    os.system("echo from a child >&2")
    {inside}
print("after", file=sys.stderr)
1 / 0
"""
BEFORE = ["from Python", "from C", "from a child"]


def test_what_is_written_in_a_process_comes_out_in_order():
    result = run(SCRIPT.format(inside="pass"))
    lines = result.stderr.splitlines()
    assert lines[:5] == [*BEFORE, "after", "Traceback (most recent call last):"]
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert result.returncode == 1


def test_a_process_that_dies_has_said_why():
    result = run(SCRIPT.format(inside="os.write(2, b'the reason'); os.abort()"))
    assert result.stderr.splitlines() == [*BEFORE, "the reason"]
    assert result.returncode == -signal.SIGABRT


def test_without_standard_error_nothing_is_filtered():
    script = """
import os
from keras_pixda.commands.stderr_filter import filtered_stderr
os.close(2)
with filtered_stderr():
    print("ran")
"""
    assert run(script).stdout == "ran\n"


def run(script):
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
