"""What a run trains on: one device, several, or several machines."""

import functools
import json
import os

import tensorflow as tf

from keras_pixda.preemption import listen_again
from keras_pixda.runs.device_names import device_names
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
    machines = _machines(cluster)
    gpus = tf.config.list_physical_devices("GPU")
    if machines > 1 and not gpus and devices not in (ALL, "1"):
        raise ValueError(
            f"devices is {devices}, expected 1: of several machines without GPUs "
            f"({CLUSTER}) each is one device."
        )
    names = device_names(devices)
    if machines > 1:
        if gpus:
            tf.config.set_visible_devices(gpus[: len(names)], "GPU")
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        listen_again()
        return strategy
    if len(names) > 1:
        return tf.distribute.MirroredStrategy(names)
    return tf.distribute.get_strategy()


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
