"""Things are done by several devices at once and come back in their order."""

import threading

import pytest

from keras_pixda.runs.on_devices import on_devices


@pytest.mark.parametrize("devices", [["CPU:0"], ["CPU:0"] * 3])
def test_order_is_kept_and_every_device_has_one_tool(devices):
    made, together = [], threading.Barrier(len(devices))

    def work(tool, number):
        if number < len(devices):
            together.wait(timeout=10)  # All of them are at work at once.
        return tool, number

    done = [*on_devices(devices, lambda: made.append(1) or len(made), work, range(9))]
    assert [number for _, number in done] == [*range(9)]
    assert {tool for tool, _ in done} == {*range(1, len(devices) + 1)}


def test_an_error_comes_through():
    def work(tool, number):
        raise OSError(f"no space for {number}")

    with pytest.raises(OSError, match="no space for 0"):
        [*on_devices(["CPU:0"] * 2, dict, work, range(9))]
