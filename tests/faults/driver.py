"""Starts the scripts whose runs are killed, and compares what these end with."""

import json
import os
import pathlib
import subprocess
import sys

# A run that shows every phase, kind of state and selection in a few steps.
SETTINGS = {
    "source_steps": 7,
    "steps": 9,
    "distillation_steps": 4,
    "threshold": 0.64,
    "growth": 0.1,
    "panels": 1,
    "save_every": 3,
    "ema": 0.9,
    "augment": True,
    "cut_mix": 0.5,
}


def driven(script, config, folder, *words):
    """What a script of this folder has noted of a run, and what it has said."""
    script = pathlib.Path(__file__).with_name(script)
    root = str(script.parents[2])
    done = subprocess.run(
        [sys.executable, script, config, folder, *words],
        env={**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return json.loads(folder.with_suffix(".json").read_text()), done.stdout


def assert_same_end(killed, whole, phases):
    """Nothing that two runs have noted may differ, nor any state of these phases."""
    for phase in phases:
        # Weights, optimizer slots, loss scales, seeds, metrics; what callbacks know.
        [expected] = whole.pop(f"state of {phase}")
        for found in killed.pop(f"state of {phase}"):
            assert json.dumps(found) == json.dumps(expected)
    assert json.dumps(killed) == json.dumps(whole)
