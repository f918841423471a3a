import os

import numpy as np
import pytest

from keras_pixda.callbacks import StateFolder

ARRAYS = [
    np.arange(6, dtype="float32").reshape(2, 3),
    np.array(7, dtype="int64"),
    np.zeros((0, 2), dtype="float16"),
    np.array([1, 2], dtype="uint32"),
    np.array([True, False]),
    np.arange(6.0).reshape(2, 3).T,
]


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_what_is_written_is_read_back(tmp_path):
    states = StateFolder(tmp_path / "new" / "state")
    assert states.newest() is None
    facts = {"epoch": 2, "threshold": 0.1 + 0.2, "missing": float("nan"), "a": [None]}
    facts["best"] = -float("inf")
    states.write(facts, ARRAYS)
    [file] = (tmp_path / "new" / "state").iterdir()
    header = file.read_bytes().split(b"\n")[1]
    assert b"NaN" not in header
    assert b"Infinity" not in header
    found, arrays = StateFolder(tmp_path / "new" / "state").newest()
    assert found["threshold"] == 0.1 + 0.2
    assert np.isnan(found["missing"])
    assert found["a"] == [None]
    assert found["best"] == -float("inf")
    for array, wanted in zip(arrays, ARRAYS, strict=True):
        assert (array.dtype, array.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_array_equal(array, wanted)
    states.clear()
    assert not (tmp_path / "new" / "state").exists()
    states.clear()


def test_two_states_are_kept(tmp_path):
    states = StateFolder(tmp_path)
    for epoch in range(4):
        states.write({"epoch": epoch}, ARRAYS)
    assert names(tmp_path) == ["00000003.state", "00000004.state"]
    assert states.newest()[0] == {"epoch": 3}


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "text", "header"])
def test_a_damaged_state_is_warned_of_and_the_one_before_is_used(tmp_path, damage):
    states = StateFolder(tmp_path)
    for epoch in range(3):
        states.write({"epoch": epoch}, ARRAYS)
    path = tmp_path / "00000003.state"
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[:-1]
    elif damage == "bit":
        data[-40] ^= 1
    elif damage == "empty":
        data = b""
    elif damage == "text":
        data = b"x" * 1000
    else:
        data[25] ^= 1
    path.write_bytes(data)
    with pytest.warns(UserWarning, match=r"00000003.state is damaged.*state before"):
        facts, _ = states.newest()
    assert facts == {"epoch": 1}
    assert states.damaged == [path]
    # The good one is not the one that makes room for the next.
    states.write({"epoch": 2}, ARRAYS)
    assert names(tmp_path) == ["00000002.state", "00000003.state"]


def test_if_all_are_damaged_there_is_none(tmp_path):
    states = StateFolder(tmp_path)
    for epoch in range(2):
        states.write({"epoch": epoch}, ARRAYS)
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with pytest.warns(UserWarning, match="is damaged"):
        assert states.newest() is None
    assert len(states.damaged) == 2


def test_a_failed_write_keeps_both_states(tmp_path, monkeypatch):
    states = StateFolder(tmp_path)
    for epoch in range(2):
        states.write({"epoch": epoch}, ARRAYS)

    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"00000003.state: cannot be written \(No space"):
        states.write({"epoch": 2}, ARRAYS)
    assert names(tmp_path) == ["00000001.state", "00000002.state"]
    assert states.newest()[0] == {"epoch": 1}
