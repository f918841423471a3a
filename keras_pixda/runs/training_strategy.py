"""What a run trains on: one device, several, or several machines."""

import functools
import json
import os

import tensorflow as tf

from keras_pixda.runs.settings import Settings
from keras_pixda.runs.training_settings import ALL

CLUSTER = "TF_CONFIG"


def training_strategy(settings: Settings) -> tf.distribute.Strategy:
    """The `tf.distribute` strategy for the devices that the settings ask for.

    `devices` counts those of a machine: GPUs where there are some, otherwise logical
    devices that share the processor. With several machines in `TF_CONFIG` it is
    `tf.distribute.MultiWorkerMirroredStrategy`, which has to be made before TensorFlow
    has computed anything. A process has one strategy: it is made once.

    Example:

    ```python
    from keras_pixda.runs import Settings
    from keras_pixda.runs.training_strategy import training_strategy

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    assert training_strategy(settings).num_replicas_in_sync == 1
    ```

    Args:
        settings: The `Settings` of the run.

    Raises:
        ValueError: If there are fewer devices, or they cannot share the batches.
    """
    strategy = _strategy(settings.training.devices, os.environ.get(CLUSTER, ""))
    replicas = strategy.num_replicas_in_sync
    size, parts = settings.data.batch_size, settings.training.accumulate
    if size % replicas:
        raise ValueError(
            f"batch_size is {size}, expected a multiple of {replicas}, the devices "
            "that share a batch: change --batch-size or --devices."
        )
    if parts > size // replicas:
        raise ValueError(
            f"accumulate is {parts}, expected at most {size // replicas}, the images "
            f"of a batch of {size} on each of {replicas} devices."
        )
    return strategy


@functools.cache
def _strategy(devices, cluster):
    gpus = tf.config.list_physical_devices("GPU")
    if devices == ALL:
        number = max(len(gpus), 1)
    else:
        number = int(devices)
    if gpus and number > len(gpus):
        raise ValueError(
            f"devices is {number}, expected at most {len(gpus)}, the GPUs that "
            "TensorFlow sees here."
        )
    if _machines(cluster) > 1:
        if not gpus and number > 1:
            raise ValueError(
                f"devices is {number}, expected 1: of several machines without GPUs "
                f"({CLUSTER}) each is one device."
            )
        if gpus:
            tf.config.set_visible_devices(gpus[:number], "GPU")
        return tf.distribute.MultiWorkerMirroredStrategy()
    if number == 1:
        return tf.distribute.get_strategy()
    if not gpus:
        _divide_processor(number)
    kind = "GPU" if gpus else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{n}" for n in range(number)])


def _machines(cluster):
    """How many machines train together."""
    if not cluster:
        return 1
    try:
        tasks = json.loads(cluster).get("cluster", {})
        return sum(len(tasks.get(kind, ())) for kind in ("chief", "worker"))
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{CLUSTER} is {cluster!r}, expected JSON such as "
            '{"cluster": {"worker": ["first:2222", "second:2222"]}, '
            '"task": {"type": "worker", "index": 0}}.'
        ) from error


def _divide_processor(number):
    """Let the processor be so many devices."""
    [cpu] = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration()] * number
    try:
        tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError as error:
        if len(tf.config.list_logical_devices("CPU")) >= number:
            return
        raise ValueError(
            f"devices is {number}, but TensorFlow is at work in this process already, "
            "with the whole processor as one device: begin the run in a process of "
            "its own."
        ) from error
