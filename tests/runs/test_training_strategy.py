"""Devices and machines of a run, and what is refused before anything is trained."""

import json

import pytest
import tensorflow as tf

from keras_pixda.runs import training_strategy as module
from keras_pixda.runs.training_strategy import training_strategy


@pytest.fixture
def made(monkeypatch):
    """Notes which strategies are made, without devices to make them on."""
    made = []

    class Strategy:
        def __init__(self, devices=None):
            made.append((self.name, devices))
            self.num_replicas_in_sync = len(devices or ["2", "machines"])

    for name in ("MirroredStrategy", "MultiWorkerMirroredStrategy"):
        kind = type(name, (Strategy,), {"name": name})
        monkeypatch.setattr(tf.distribute, name, kind)
    module._strategy.cache_clear()
    yield made
    module._strategy.cache_clear()


def see(monkeypatch, gpus):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    seen = []
    monkeypatch.setattr(
        tf.config, "set_visible_devices", lambda devices, kind: seen.append(devices)
    )
    return seen


def together(monkeypatch, number=2):
    workers = [f"host{n}:1" for n in range(number)]
    value = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(value))


def test_one_device_needs_no_strategy(change, made, monkeypatch):
    plain = tf.distribute.get_strategy()
    assert training_strategy(change()) is plain
    assert training_strategy(change(devices="all")) is plain  # Of a processor.
    together(monkeypatch, number=1)
    assert training_strategy(change()) is plain
    assert made == []


def test_gpus_of_one_machine_and_of_several(change, made, monkeypatch):
    seen = see(monkeypatch, ["a", "b"])
    training_strategy(change(devices="all"))
    training_strategy(change(devices=2, batch_size=4))
    assert made == [("MirroredStrategy", ["GPU:0", "GPU:1"])] * 2
    with pytest.raises(ValueError, match="devices is 4, expected at most 2, the GPUs"):
        training_strategy(change(devices="4", batch_size=4))
    together(monkeypatch)
    training_strategy(change(devices="1"))
    assert made[2:] == [("MultiWorkerMirroredStrategy", None)]
    assert seen == [["a"]]


def test_what_devices_cannot_share_is_refused(change, made, monkeypatch):
    together(monkeypatch)
    with pytest.raises(ValueError, match="batch_size is 3, expected a multiple of 2"):
        training_strategy(change(batch_size=3))
    with pytest.raises(ValueError, match="accumulate is 2, expected at most 1"):
        training_strategy(change(batch_size=2, accumulate=2))
    with pytest.raises(ValueError, match="of several machines without GPUs"):
        training_strategy(change(devices="2"))


@pytest.mark.parametrize("value", ["{", "[]", '{"cluster": 3}'])
def test_a_wrong_cluster_is_named(change, made, monkeypatch, value):
    monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(ValueError, match="TF_CONFIG is .* expected JSON such as"):
        training_strategy(change())
