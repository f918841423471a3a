"""What the writer leaves for TensorBoard, and what it says without it."""

import importlib.util

import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.visualization import summary_writer


def test_numbers_and_pictures_are_read_back(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    writer = summary_writer(tmp_path)
    writer.scalars({"iou/road": 0.5}, step=3)
    writer.image("panel", np.full((2, 3, 3), 7, "uint8"), step=3)
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0, "images": 0})
    events.Reload()
    assert events.Tags()["tensors"] == ["iou/road", "panel"]
    [value] = events.Tensors("iou/road")
    assert value.step == 3
    assert tf.make_ndarray(value.tensor_proto) == 0.5


def test_without_tensorboard_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        summary_writer(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()
