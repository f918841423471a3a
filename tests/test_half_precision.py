"""Slow half precision is said once, and only where it is slow."""

import keras
import pytest
import tensorflow as tf

from keras_pixda import PixDAModel, half_precision
from keras_pixda.half_precision import dtypes_of, slowdown, tell_slow_half_precision
from keras_pixda.models import (
    image_discriminator,
    pixel_discriminator,
    small_segmenter,
)


@pytest.fixture
def measured(monkeypatch):
    """Set what the measurement says, in a process that has said nothing yet."""
    asked = []

    def set_factor(factor):
        def measure(dtype):
            asked.append(dtype)
            if factor is None:
                raise tf.errors.UnimplementedError(None, None, "no such kernel")
            return factor

        monkeypatch.setattr(half_precision, "slowdown", measure)
        return asked

    half_precision._tell.cache_clear()
    yield set_factor
    half_precision._tell.cache_clear()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_slow_is_said_once(measured, caplog, dtype):
    measured(11.04)
    for _ in range(2):
        tell_slow_half_precision(f"mixed_{dtype}")
        tell_slow_half_precision(dtype, "float32")
    [message] = caplog.messages
    assert f"in {dtype} takes 11.0 times as long as in float32" in message


@pytest.mark.parametrize("factor", [0.5, 1.1, None])
def test_what_is_not_slow_is_not_said(measured, caplog, factor):
    measured(factor)
    tell_slow_half_precision("mixed_bfloat16")
    assert caplog.messages == []


def test_float32_is_not_measured(measured):
    asked = measured(11.0)
    tell_slow_half_precision("float32", "uint8")
    assert asked == []


def test_a_gpu_is_not_measured(measured, monkeypatch):
    asked = measured(11.0)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    tell_slow_half_precision("float16")
    assert asked == []


def test_compile_says_it_of_any_network_inside(measured, caplog):
    measured(3.0)
    policy = keras.config.dtype_policy()
    networks = [
        small_segmenter(3, filters=2),
        pixel_discriminator(3, 2),
        image_discriminator(3, 2),
    ]
    PixDAModel(*networks).compile("sgd", "adam")
    assert caplog.messages == []
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        networks[1] = pixel_discriminator(3, 2)
    finally:
        keras.config.set_dtype_policy(policy)
    assert "bfloat16" in dtypes_of(networks[1])
    for _ in range(2):
        PixDAModel(*networks).compile("sgd", "adam")
    assert len(caplog.messages) == 1


def test_it_is_measured():
    try:
        assert slowdown("bfloat16") > 0
    except tf.errors.OpError:
        pytest.skip("TensorFlow has no such convolutions here")
