import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import DilatedConvolution, dilated_convolution
from keras_pixda.layers.native_gradients import (
    has_fast_gradients,
    has_native_gradients,
)
from keras_pixda.models import deeplab_v2, pixel_discriminator


def convolve(images, kernel, bias, dilation):
    """The sum that defines a dilated convolution, tap by tap, in float64."""
    rows, columns, _, filters = kernel.shape
    batch, height, width, _ = images.shape
    pads = [
        (d * (side // 2),) * 2
        for d, side in zip(dilation, (rows, columns), strict=True)
    ]
    padded = np.pad(images.astype("float64"), [(0, 0), *pads, (0, 0)])
    result = np.zeros((batch, height, width, filters)) + bias
    for row in range(rows):
        for column in range(columns):
            top, left = row * dilation[0], column * dilation[1]
            shifted = padded[:, top : top + height, left : left + width]
            result += shifted @ kernel[row, column]
    return result


@pytest.mark.parametrize(
    ("filters", "kernel_size", "dilation"),
    [(2, 3, 6), (2, (3, 1), (2, 5)), (8, 3, 2), (8, 5, 1)],  # Few filters, then many.
)
def test_equals_the_sum_that_defines_it_and_trains_like_keras(
    filters, kernel_size, dilation
):
    random = np.random.default_rng(0)
    images = random.normal(size=(2, 9, 13, 24)).astype("float32")
    options = {"dilation_rate": dilation, "padding": "same", "use_bias": True}
    layer = DilatedConvolution(filters, kernel_size, **options)
    twin = keras.layers.Conv2D(filters, kernel_size, **options)
    layer.build(images.shape)
    twin.build(images.shape)
    weights = [random.normal(size=w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    twin.set_weights(weights)
    wanted = convolve(images, *weights, np.broadcast_to(dilation, 2))

    @tf.function
    def train(layer, images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            result = layer(images, training=True)
            loss = tf.reduce_sum(result**2)
        return result, tape.gradient(loss, [images, *layer.trainable_variables])

    close = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(layer(images), wanted, **close)
    np.testing.assert_allclose(layer(images, training=True), wanted, **close)
    result, gradients = train(layer, tf.constant(images))
    np.testing.assert_allclose(result, wanted, **close)
    _, expected = train(twin, tf.constant(images))
    for gradient, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, other, rtol=1e-3, atol=1e-2)


def test_config_round_trip():
    layer = DilatedConvolution(4, 3, dilation_rate=2, name="convolution")
    again = DilatedConvolution.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    "options", [{"strides": 2}, {"padding": "valid"}, {"groups": 2}, {"kernel_size": 4}]
)
def test_refuses_what_it_is_not_for(options):
    with pytest.raises(ValueError, match=r"keras\.layers\.Conv2D"):
        DilatedConvolution(**{"filters": 4, "kernel_size": 3, **options})


def gradients_of(images, kernel, upstream, dilation):
    """What goes back from the sum that defines it, tap by tap, in float64."""
    rows, columns = kernel.shape[:2]
    height, width = images.shape[1:3]
    top, left = dilation[0] * (rows // 2), dilation[1] * (columns // 2)
    padded = np.pad(images, [(0, 0), (top, top), (left, left), (0, 0)])
    to_images, to_kernel = np.zeros(padded.shape), np.zeros(kernel.shape)
    for row in range(rows):
        for column in range(columns):
            y, x = row * dilation[0], column * dilation[1]
            place = np.s_[:, y : y + height, x : x + width]
            to_images[place] += upstream @ kernel[row, column].T
            to_kernel[row, column] = np.einsum("nyxc,nyxf->cf", padded[place], upstream)
    return to_images[:, top : top + height, left : left + width], to_kernel


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("natively", [True, False])
@pytest.mark.parametrize(
    ("kernel_size", "dilation"),
    [((3, 3), (1, 1)), ((3, 3), (2, 5)), ((3, 1), (4, 1)), ((1, 1), (1, 1))],
)
@pytest.mark.parametrize(
    ("dtype", "close"), [("float32", 1e-5), ("float16", 1e-2), ("bfloat16", 5e-2)]
)
def test_gradients_on_every_kind_of_processor(
    dtype, close, kernel_size, dilation, natively, fast, monkeypatch
):
    if natively and not trains_natively(dtype):
        pytest.skip("TensorFlow has no such kernels here.")
    for name, answer in (
        ("has_native_gradients", natively),
        ("has_fast_gradients", fast),
    ):
        monkeypatch.setattr(dilated_convolution, name, lambda *_, a=answer: a)
    options = {"dilation_rate": dilation, "use_bias": False, "dtype": f"mixed_{dtype}"}
    layer = DilatedConvolution(
        6,
        kernel_size,
        **(options if dtype != "float32" else {**options, "dtype": dtype}),
    )
    layer.build((2, 9, 13, 5))
    random = np.random.default_rng(0)
    images = tf.constant(random.normal(size=(2, 9, 13, 5)), dtype)
    upstream = tf.constant(random.normal(size=(2, 9, 13, 6)), dtype)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 5), dtype)])
    def train(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            result = layer(images, training=True)
        sources = images, layer.kernel.value
        return result, *tape.gradient(result, sources, output_gradients=upstream)

    images64, kernel64, upstream64 = (
        np.asarray(x, "float64") for x in (images, layer.kernel, upstream)
    )
    expected = (
        convolve(images64, kernel64, 0.0, dilation),
        *gradients_of(images64, kernel64, upstream64, dilation),
    )
    for value, wanted in zip(train(images), expected, strict=True):
        value = np.asarray(value, "float64")
        assert np.abs(value - wanted).max() < close * np.abs(wanted).max()


def trains_natively(dtype):
    """Whether a step through TensorFlow's own dilated convolution runs."""

    @tf.function
    def gradients(images, kernel):
        with tf.GradientTape() as tape:
            tape.watch((images, kernel))
            result = tf.nn.conv2d(images, kernel, 1, "SAME", dilations=2)
        return tape.gradient(result, (images, kernel))

    try:
        gradients(tf.ones((1, 9, 13, 24), dtype), tf.ones((3, 3, 24, 8), dtype))
    except tf.errors.OpError:
        return False
    return True


@pytest.mark.parametrize(
    ("setting", "flags", "fast"),
    [("", "avx2 avx512f", True), ("AVX2", "avx512f", False), ("", "avx2", False)]
    + [("AVX512_CORE", "avx512f", True), ("avx2_vnni", "avx512f", False)],
)
def test_knows_what_onednn_may_use(setting, flags, fast, monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", setting)
    monkeypatch.setattr(pathlib.Path, "exists", lambda path: True)
    monkeypatch.setattr(pathlib.Path, "read_text", lambda path: flags)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert has_fast_gradients.__wrapped__() == fast
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU"])
    assert has_fast_gradients.__wrapped__()


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_the_probe_tells_the_truth_wherever_a_layer_is_built(dtype):
    truth, answers = trains_natively(dtype), []

    def ask():
        has_native_gradients.cache_clear()
        answers.append(has_native_gradients(dtype))

    ask()
    tf.function(ask)()
    with tf.GradientTape():
        ask()
    with tf.distribute.MirroredStrategy(["cpu:0"]).scope():
        ask()
    with keras.StatelessScope():
        ask()
    assert answers == [truth] * 5


def test_pixel_discriminator_loads_weights_of_plain_convolutions(tmp_path):
    network = pixel_discriminator(3, filters=4)

    def plain(layer):
        kind = type(layer)
        kind = keras.layers.Conv2D if isinstance(layer, keras.layers.Conv2D) else kind
        return kind.from_config(layer.get_config())

    twin = keras.models.clone_model(network, clone_function=plain)
    twin.save_weights(tmp_path / "twin.weights.h5")
    twin.save(tmp_path / "twin.keras")
    network.load_weights(tmp_path / "twin.weights.h5")
    maps = np.random.default_rng(0).random((1, 8, 12, 3))
    loaded = keras.saving.load_model(tmp_path / "twin.keras")
    np.testing.assert_allclose(network(maps), twin(maps), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loaded(maps), twin(maps), rtol=1e-5, atol=1e-6)
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(again(maps), network(maps))


def test_deeplab_v2_trains():
    model = deeplab_v2(3, blocks=(1, 1, 1, 1), filters=4)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    before = [w.numpy() for w in model.trainable_variables]
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (1, 32, 48, 3)).astype("float32")
    model.train_on_batch(images, random.integers(0, 3, (1, 32, 48)))
    after = [w.numpy() for w in model.trainable_variables]
    assert all((a != b).any() for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("setting", ["0", "1"])
def test_all_of_this_holds_with_and_without_onednn(setting):
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-k",
            "not onednn and not float16",
            __file__,
        ],
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": setting},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
