"""Which devices there are, and what is asked for in vain."""

import pytest
import tensorflow as tf

from keras_pixda.runs.device_names import device_names


def test_all_of_a_machine(monkeypatch):
    assert device_names("all") == ["CPU:0"]
    gpus = [object()] * 4
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert device_names("all") == ["GPU:0", "GPU:1", "GPU:2", "GPU:3"]
    assert device_names("2") == ["GPU:0", "GPU:1"]
    with pytest.raises(ValueError, match="devices is 5, expected at most 4, the GPUs"):
        device_names("5")


@pytest.mark.parametrize("devices", ["0", "-1", "two", "1.5", ""])
def test_what_is_no_number(devices):
    with pytest.raises(ValueError, match="expected a number from 1"):
        device_names(devices)


def test_a_processor_at_work_is_not_divided():
    tf.zeros(1)
    with pytest.raises(ValueError, match="already, with the whole processor as one"):
        device_names("2")
