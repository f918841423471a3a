"""The file that is written, byte by byte, and what happens when it cannot be."""

import os
import pathlib
import pickle
import zipfile

import keras
import numpy as np
import pytest

from keras_pixda.models import deeplab_v2, small_segmenter
from keras_pixda.weights import load_pytorch, save_pytorch
from keras_pixda.weights.checkpoint import Checkpoint

PIXDA = pathlib.Path(__file__).parents[1] / "reference" / "pytorch_pixda.pth"
TOY = {"blocks": (1, 1, 2, 1), "filters": 1}


@pytest.fixture
def segmenter():
    return load_pytorch(PIXDA, deeplab_v2(3, auxiliary_head=True, **TOY))


def test_the_file_holds_the_numbers_of_the_checkpoint(segmenter, tmp_path):
    path = tmp_path / "saved.pth"
    save_pytorch(segmenter, path)
    with open(path, "rb") as file, open(PIXDA, "rb") as original:
        saved, published = Checkpoint(file, path), Checkpoint(original, PIXDA)
        # The counters are none of ours, and PyTorch does without them.
        names = [n for n in published.tensors if not n.endswith("num_batches_tracked")]
        assert set(saved.tensors) == set(names)
        for name in names:
            np.testing.assert_array_equal(saved.read(name), published.read(name))


class Reader(pickle.Unpickler):
    """Python's own reading of the pickle: each tensor as its arguments."""

    def find_class(self, module, name):
        if name == "OrderedDict":
            return super().find_class(module, name)
        return lambda *arguments: (f"{module}.{name}", *arguments)

    def persistent_load(self, identity):
        return identity[0], identity[1]()[0], *identity[2:]


def test_the_pickle_is_what_pytorch_writes(segmenter, tmp_path):
    save_pytorch(segmenter, tmp_path / "saved.pth")
    with zipfile.ZipFile(tmp_path / "saved.pth") as archive:
        assert archive.testzip() is None
        assert archive.read("archive/version") == b"3\n"
        with archive.open("archive/data.pkl") as file:
            state = Reader(file).load()
    key = str(list(state).index("layer3.0.conv2.weight"))
    assert state["layer3.0.conv2.weight"] == (
        "torch._utils._rebuild_tensor_v2",
        ("storage", "torch.FloatStorage", key, "cpu", 4 * 4 * 9),
        0,
        (4, 4, 3, 3),
        (36, 9, 3, 1),
        False,
        {},
    )


def test_equal_weights_give_equal_files_and_an_old_one_is_replaced(segmenter, tmp_path):
    (tmp_path / "1.pth").write_text("old")
    for name in ("1.pth", "2.pth"):
        save_pytorch(segmenter, tmp_path / name)
    assert (tmp_path / "1.pth").read_bytes() == (tmp_path / "2.pth").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["1.pth", "2.pth"]


def test_a_file_is_whole_or_the_old_one(segmenter, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "saved.pth"
    path.write_text("old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_pytorch(segmenter, path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["saved.pth"]


def test_weights_that_are_not_finite_are_not_written(segmenter, tmp_path):
    layer = segmenter.get_layer("bn1")
    layer.moving_mean.assign(np.full(1, np.inf))
    with pytest.raises(ValueError, match=r"saved.pth is not written: bn1/moving_mean"):
        save_pytorch(segmenter, tmp_path / "saved.pth")
    assert os.listdir(tmp_path) == []


def test_a_loaded_model_is_saved_and_another_is_refused(segmenter, tmp_path):
    segmenter.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for name, model in (("1.pth", segmenter), ("2.pth", again)):
        save_pytorch(model, tmp_path / name)
    assert (tmp_path / "1.pth").read_bytes() == (tmp_path / "2.pth").read_bytes()
    with pytest.raises(ValueError, match="'small_segmenter' is not a keras_pixda"):
        save_pytorch(small_segmenter(3, filters=2), tmp_path / "3.pth")
