"""Two devices and two machines train as one does on the same batches."""

import json
import os
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = pathlib.Path(__file__).with_name("train_alike.py")
# Rounding alone: partial sums are added in another order.
CLOSE = {"rtol": 1e-5, "atol": 2e-6}


def start(kind, methods, scenes, folder, **environment):
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, PROGRAM, kind, methods, scenes, folder],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def values_of(process, folder):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    with np.load(folder / "values.npz") as values:
        return dict(values)


@pytest.fixture(scope="module")
def alone(scenes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "run"
    return values_of(start("alone", "pixda", scenes, folder), folder)


def compare(values, alone, methods):
    compared = {name for name in alone if name.split("/")[0] in methods}
    assert compared <= set(values)
    for name in sorted(compared):
        np.testing.assert_allclose(
            values[name], alone[name], **CLOSE, err_msg=name, equal_nan=True
        )
    return compared


def test_two_devices(scenes, alone, tmp_path):
    process = start("mirrored", "pixda,resumed", scenes, tmp_path / "run")
    values = values_of(process, tmp_path / "run")
    assert len(compare(values, alone, {"overflow", "pixda"})) > 100
    assert values["resumed/same"].all()
    assert len(values["resumed/same"]) > 40
    assert (tmp_path / "run/iou.csv").read_text().count("\n") == 3


@pytest.mark.faults
def test_other_methods_on_two_devices(scenes, tmp_path):
    methods = "fsda,naae,joint,accumulated,self_training"
    alone = start("alone", methods, scenes, tmp_path / "alone")
    alone = values_of(alone, tmp_path / "alone")
    both = start("mirrored", methods, scenes, tmp_path / "both")
    both = values_of(both, tmp_path / "both")
    assert len(compare(both, alone, set(methods.split(",")))) > 180
    assert alone["fsda/steps"] == 3


def test_two_machines(scenes, alone, tmp_path):
    ports = [socket.create_server(("localhost", 0)) for _ in range(2)]
    workers = [f"localhost:{port.getsockname()[1]}" for port in ports]
    for port in ports:
        port.close()
    folders = [tmp_path / "first", tmp_path / "second"]
    processes = [
        start(
            "workers",
            "pixda,resumed",
            scenes,
            folder,
            TF_CONFIG=json.dumps(
                {
                    "cluster": {"worker": workers},
                    "task": {"type": "worker", "index": index},
                }
            ),
        )
        for index, folder in enumerate(folders)
    ]
    for process, folder in zip(processes, folders, strict=True):
        values = values_of(process, folder)
        compare(values, alone, {"overflow", "pixda"})
        assert values["resumed/same"].all()
        assert values["resumed/rows"] == (folder == folders[0])
    # Only the first of them writes.
    assert (folders[0] / "killed").exists()
    assert not (folders[1] / "killed").exists()
    assert (folders[0] / "iou.csv").exists()
    assert not (folders[1] / "iou.csv").exists()


def test_what_is_compared(alone):
    """Three steps were made, then three of distillation, and an overflow skipped."""
    assert alone["pixda/steps"] == 3
    assert alone["pixda/distilled steps"] == 6
    assert len(alone["pixda/scores"]) == 7
    assert alone["pixda/epoch"] == 2
    np.testing.assert_allclose(alone["overflow/finite"], 0.5)
    np.testing.assert_allclose(alone["overflow/infinite"], 0.5)
    np.testing.assert_allclose(alone["overflow/infinite scale"], 4.0)
    np.testing.assert_allclose(alone["overflow/infinite steps"], 1)
    np.testing.assert_allclose(alone["overflow/again"], 0.0)
