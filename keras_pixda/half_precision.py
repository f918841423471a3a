"""Whether half precision is slower than float32 here, measured and said once."""

import functools
import logging
import multiprocessing
import time
from typing import Any

import tensorflow as tf

HALF = ("bfloat16", "float16")
# What a busy machine may make of two equal times.
NOTABLE = 1.25
# The measurement ends after so many rounds, or seconds in half precision.
ROUNDS, ENOUGH = 6, 0.3


def tell_slow_half_precision(*dtypes: str) -> None:
    """Log how much slower half precision is on this processor, once in a process.

    Processors without instructions for a dtype convert every number. Which have them,
    and whether TensorFlow uses them, is measured, not guessed. Nothing is logged if
    half precision is not slower, on a GPU, or by a process that another one started.

    Example:

    ```python
    from keras_pixda.half_precision import tell_slow_half_precision

    assert tell_slow_half_precision("float32") is None  # Logs nothing.
    ```

    Args:
        *dtypes: Names of dtypes or policies; those that are not half do nothing.
    """
    for dtype in {name.removeprefix("mixed_") for name in dtypes}.intersection(HALF):
        _tell(dtype)


def dtypes_of(network: Any) -> set[str]:
    """The dtypes in which the layers of a network compute.

    Example:

    ```python
    import keras
    from keras_pixda.half_precision import dtypes_of

    network = keras.Sequential([keras.layers.Dense(1, dtype="mixed_float16")])
    assert dtypes_of(network) == {"float16"}
    ```

    Args:
        network: A `keras.Model`.

    Returns:
        A set of names.
    """
    found = set()
    for layer in getattr(network, "layers", []):
        inside = dtypes_of(layer)
        found |= inside or {layer.compute_dtype}
    return found


@functools.cache
def _tell(dtype):
    if multiprocessing.parent_process() or tf.config.list_physical_devices("GPU"):
        return
    try:
        factor = slowdown(dtype)
    except tf.errors.OpError:
        return  # TensorFlow says itself, in training, what it cannot do.
    if factor > NOTABLE:
        logging.getLogger("keras_pixda").warning(
            "A convolution in %s takes %.1f times as long as in float32 on this "
            "processor, measured with its gradients: float32 may be the faster policy.",
            dtype,
            factor,
        )


def slowdown(dtype: str) -> float:
    """How many times as long as in float32 a convolution takes with its gradients.

    Example:

    ```python
    from keras_pixda.half_precision import slowdown

    assert slowdown("bfloat16") > 0.0  # 1.0 would be as fast.
    ```

    Args:
        dtype: `"bfloat16"` or `"float16"`.

    Returns:
        The ratio of the least processor times of a few rounds.

    Raises:
        tf.errors.OpError: If TensorFlow cannot do it here.
    """

    @tf.function
    def step(images, kernel):
        with tf.GradientTape() as tape:
            tape.watch((images, kernel))
            result = tf.nn.conv2d(images, kernel, 1, "SAME")
        return tape.gradient(result, (images, kernel))

    seconds = {"float32": [], dtype: []}
    tensors = {
        name: (tf.ones((1, 64, 64, 32), name), tf.ones((3, 3, 32, 32), name))
        for name in seconds
    }
    for _ in range(ROUNDS):
        for name, times in seconds.items():
            # Of the processors: others may be at work on them, too.
            started = time.process_time()
            step(*tensors[name])[1].numpy()
            times.append(time.process_time() - started)
        if len(times) > 1 and sum(times) > ENOUGH:
            break
    # The least: the first compiles.
    return min(seconds[dtype]) / min(seconds["float32"])
