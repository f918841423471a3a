"""The devices of this machine that share work."""

import tensorflow as tf

from keras_pixda.runs.training_settings import ALL, DEVICES, counts_devices


def device_names(devices: str) -> list[str]:
    """GPUs, or parts of the processor on a machine without any.

    Example:

    ```python
    from keras_pixda.runs.device_names import device_names

    assert len(device_names("1")) == 1
    ```

    Args:
        devices: How many, or `"all"`: every GPU, or the whole processor as one. The
            processor can only be divided before TensorFlow has computed anything.

    Raises:
        ValueError: If it is no number, or there are fewer.
    """
    devices = str(devices)
    if not counts_devices(devices):
        raise ValueError(f"devices is {devices!r}, expected {DEVICES}.")
    gpus = tf.config.list_physical_devices("GPU")
    number = max(len(gpus), 1) if devices == ALL else int(devices)
    if gpus and number > len(gpus):
        raise ValueError(
            f"devices is {number}, expected at most {len(gpus)}, the GPUs that "
            "TensorFlow sees here."
        )
    if not gpus and number > 1:
        _divide_processor(number)
    kind = "GPU" if gpus else "CPU"
    return [f"{kind}:{place}" for place in range(number)]


def _divide_processor(number):
    """Let the processor be so many devices."""
    cpu, *_ = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration()] * number
    try:
        tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError as error:
        if len(tf.config.list_logical_devices("CPU")) >= number:
            return
        raise ValueError(
            f"devices is {number}, but TensorFlow is at work in this process already, "
            "with the whole processor as one device: begin in a process of its own."
        ) from error
