"""What TensorFlow's own kernels can do on this processor."""

import functools
import os
import pathlib

import keras


@functools.cache
def has_fast_gradients() -> bool:
    """Whether native gradients are fast: on GPUs, and by oneDNN with AVX-512 alone."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return True
    largest = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if largest.startswith(("SSE", "AVX")) and not largest.startswith("AVX512"):
        return False
    described = pathlib.Path("/proc/cpuinfo")
    return described.exists() and "avx512f" in described.read_text()


@functools.cache
def has_native_gradients(dtype: str) -> bool:
    """Whether TensorFlow trains dilated convolutions here; plain CPU kernels do not."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    shape, sides = (1, 8, 8, 4), (3, 3, 4, 4)
    options = {"strides": [1] * 4, "padding": "SAME", "dilations": [1, 2, 2, 1]}

    # The kernels themselves: under init_scope no tape records, and one that has not
    # recorded answers None where the gradient would fail.
    @tf.function
    def gradients(images, kernel):
        to_images = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=shape, filter=kernel, out_backprop=images, **options
        )
        to_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=images, filter_sizes=sides, out_backprop=images, **options
        )
        return to_images, to_kernel

    with tf.init_scope():
        try:
            for gradient in gradients(tf.ones(shape, dtype), tf.ones(sides, dtype)):
                gradient.numpy()  # Waits for it.
        except tf.errors.OpError:
            return False
    return True
