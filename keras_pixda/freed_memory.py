"""Memory that a step has freed stays with the process, for the next step."""

import ctypes
import functools
import os
import platform

import tensorflow as tf

# From malloc.h; glibc's numbers are part of its binary interface.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# What glibc may hold free: more than the largest activations of a step.
KEPT_BYTES = 2**30
# Older versions of glibc refuse more for single blocks.
LARGEST_BEFORE = 2**25


@functools.cache
def keep_freed_memory() -> bool:
    """Undo that TensorFlow gives freed memory back to the system at once.

    Its input from Python, which Keras's `fit` reads through, makes glibc return all
    that is free above 128 KiB, for the whole process. Every step then takes its
    activations' memory anew, page by page. TensorFlow does so once, with the first
    input: here that is made beforehand, and the threshold set to 1 GiB afterwards.
    Threads with arenas of their own (`MALLOC_ARENA_MAX` unset) still give back blocks
    of more than 64 MiB; no step was measured to be slower for it.

    Without glibc, and where the environment says how it shall allocate
    (`GLIBC_TUNABLES`, `MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_`), nothing
    is changed.

    Example:

    ```python
    from keras_pixda.freed_memory import keep_freed_memory

    kept = keep_freed_memory()  # The models of this package do it themselves.
    assert kept is keep_freed_memory()  # Once in a process.
    ```

    Returns:
        Whether it was set.
    """
    mallopt = _mallopt()
    if mallopt is None or _said_otherwise():
        return False
    with tf.init_scope():
        signature = tf.TensorSpec((), "int32")
        one = tf.data.Dataset.from_generator(lambda: [0], output_signature=signature)
        next(iter(one))
    if not mallopt(M_MMAP_THRESHOLD, KEPT_BYTES):
        mallopt(M_MMAP_THRESHOLD, LARGEST_BEFORE)
    return bool(mallopt(M_TRIM_THRESHOLD, KEPT_BYTES))


def _mallopt():
    """The function of glibc, or `None` elsewhere."""
    if platform.libc_ver()[0] != "glibc":
        return None
    try:
        return ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return None


def _said_otherwise():
    names = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
    return any(name in os.environ for name in names) or (
        "glibc.malloc." in os.environ.get("GLIBC_TUNABLES", "")
    )
