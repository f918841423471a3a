"""Work on one thing after another, shared by devices."""

import collections
import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tensorflow as tf


def on_devices(
    devices: list[str],
    tool: Callable[[], Any],
    work: Callable[[Any, Any], Any],
    things: Iterable,
) -> Iterator:
    """Yield what `work` makes of each thing, in their order.

    Example:

    ```python
    from keras_pixda.runs.on_devices import on_devices

    doubled = on_devices(["CPU:0"], lambda: 2, lambda tool, n: tool * n, range(3))
    assert [*doubled] == [0, 2, 4]
    ```

    Args:
        devices: Names of TensorFlow's devices.
        tool: Makes what the work needs, once for each device.
        work: Function of a tool and a thing; each device does one at a time.
        things: Taken a few at a time.
    """
    free = queue.SimpleQueue()
    for device in devices:
        with tf.device(device):
            free.put((device, tool()))

    def done(thing):
        device, own = free.get()
        try:
            with tf.device(device):
                return work(own, thing)
        finally:
            free.put((device, own))

    if len(devices) == 1:
        yield from map(done, things)
        return
    coming = collections.deque()
    with ThreadPoolExecutor(len(devices)) as pool:
        try:
            for thing in things:
                coming.append(pool.submit(done, thing))
                if len(coming) > 2 * len(devices):
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for future in coming:
                future.cancel()
