"""Exported files answer what Keras answers, to those who have only the file."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.models import (
    deeplab_v2,
    efficientnet_lite,
    pyramid_segmenter,
    small_segmenter,
)
from keras_pixda.serving import export_segmenter

SUFFIXES = {"savedmodel": "", "onnx": ".onnx", "litert": ".tflite"}
# Batch, height and width; the sides are even, odd and no multiples of the strides.
SHAPES = ((1, 64, 96), (2, 51, 67))


def with_strong_weights(network):
    """Random kernels that keep what goes through, and logits up to about 20."""
    random = np.random.default_rng(0)
    convolutions = [
        layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)
    ]
    for layer in convolutions:
        kernel = layer.get_weights()[0]
        deviation = np.sqrt(2 / np.prod(kernel.shape[:3]))
        strong = random.normal(0, deviation, kernel.shape)
        layer.set_weights([strong, *layer.get_weights()[1:]])
    largest = np.abs(network(pictures(1, 64, 96), training=False)).max()
    for layer in convolutions:
        if layer.filters == network.output_shape[-1]:
            layer.set_weights([w * 20 / largest for w in layer.get_weights()])
    return network


def smaller_logits():
    """A network of another kind, whose logits are a fourth of the image."""
    images = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64)(images)
    return keras.Model(images, keras.layers.Conv2D(5, 4, strides=4)(x))


NETWORKS = {
    "small_segmenter": lambda: small_segmenter(5, filters=4),
    "deeplab_v2": lambda: deeplab_v2(5, blocks=(1, 1, 2, 1), filters=4),
    "pyramid_segmenter": lambda: pyramid_segmenter(
        efficientnet_lite(0, width_factor=0.1, depth_factor=0.1), 5, width=4
    ),
    "smaller logits": smaller_logits,
}


def pictures(*shape):
    return np.random.default_rng(1).integers(0, 256, (*shape, 3), "uint8")


def expected_logits(network, images):
    """What Keras says, as large as the images."""
    logits = network(images.astype("float32"), training=False)
    resized = keras.ops.image.resize(
        logits, images.shape[1:3], interpolation="bilinear"
    )
    return np.array(resized)


def served(path, format):
    """A function from images to the outputs of the file by name, with no Keras."""
    if format == "savedmodel":
        loaded = tf.saved_model.load(path)

        def run(images):
            return {name: value.numpy() for name, value in loaded.serve(images).items()}

    elif format == "onnx":
        session = pytest.importorskip("onnxruntime").InferenceSession(path)
        names = [output.name for output in session.get_outputs()]

        def run(images):
            answers = session.run(names, {"images": images})
            return dict(zip(names, answers, strict=True))

    else:
        interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(
            path
        )

        def run(images):
            place = interpreter.get_input_details()[0]["index"]
            interpreter.resize_tensor_input(place, images.shape)
            interpreter.allocate_tensors()
            return interpreter.get_signature_runner()(images=images)

    return run


def needs(format):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    if format == "litert":
        pytest.importorskip("ai_edge_litert")


@pytest.mark.parametrize("format", SUFFIXES)
@pytest.mark.parametrize("network", NETWORKS)
def test_logits_of_any_size_equal_keras(network, format, tmp_path):
    needs(format)
    network = with_strong_weights(NETWORKS[network]())
    path = str(tmp_path / f"segmenter{SUFFIXES[format]}")
    assert export_segmenter(network, path, format) <= 1e-4
    assert os.listdir(tmp_path) == [f"segmenter{SUFFIXES[format]}"]
    run = served(path, format)
    for shape in SHAPES:
        images = pictures(*shape)
        expected = expected_logits(network, images)
        assert np.ptp(expected) > 1  # They could differ.
        answer = run(images)
        assert [*answer] == ["logits"]
        assert answer["logits"].dtype == "float32"
        np.testing.assert_allclose(answer["logits"], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("format", SUFFIXES)
def test_classes_of_one_size_equal_keras(format, tmp_path):
    needs(format)
    network = with_strong_weights(NETWORKS["deeplab_v2"]())
    path = str(tmp_path / f"segmenter{SUFFIXES[format]}")
    assert export_segmenter(network, path, format, "classes", (40, 56)) <= 1e-4
    images = pictures(1, 40, 56)
    expected = expected_logits(network, images).argmax(axis=-1)
    assert len(np.unique(expected)) > 1
    answer = served(path, format)(images)["classes"]
    assert answer.dtype == "uint8"
    np.testing.assert_array_equal(answer, expected)


def test_half_precision_is_exported_in_float32(dtype_policy, tmp_path):
    dtype_policy("mixed_bfloat16")
    half = NETWORKS["small_segmenter"]()
    dtype_policy("float32")
    full = NETWORKS["small_segmenter"]()
    full.set_weights(half.get_weights())
    export_segmenter(half, tmp_path / "segmenter", "savedmodel")
    images = pictures(1, 64, 96)
    answer = served(str(tmp_path / "segmenter"), "savedmodel")(images)["logits"]
    expected = expected_logits(full, images)
    np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-4)
    assert np.abs(expected_logits(half, images) - expected).max() > 1e-3


@keras.saving.register_keras_serializable("tests")
class OtherInAFile(keras.layers.Layer):
    """Changes sign where it is exported, as a wrong converter might."""

    def call(self, x):
        return x if tf.executing_eagerly() else -x


@pytest.mark.parametrize("outputs", ["logits", "classes"])
def test_a_file_that_differs_is_refused_and_an_old_one_stays(outputs, tmp_path):
    images = keras.Input((None, None, 3))
    logits = OtherInAFile()(keras.layers.Conv2D(3, 1)(images))
    network = keras.Model(images, logits)
    path = tmp_path / "segmenter"
    export_segmenter(smaller_logits(), path, "savedmodel")
    before = (path / "saved_model.pb").read_bytes()
    with pytest.raises(ValueError, match="differs from Keras by up to"):
        export_segmenter(network, path, "savedmodel", outputs, overwrite=True)
    assert (path / "saved_model.pb").read_bytes() == before
    assert os.listdir(tmp_path) == ["segmenter"]


def test_what_is_there_is_kept_unless_asked(tmp_path):
    network = NETWORKS["smaller logits"]()
    path = tmp_path / "segmenter"
    path.mkdir()
    (path / "notes.txt").write_text("mine")
    for overwrite, text in ((False, "exists: choose"), (True, "is a folder and no")):
        with pytest.raises(FileExistsError, match=text):
            export_segmenter(network, path, "savedmodel", overwrite=overwrite)
    assert (path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("m", "h5"), "format is 'h5', expected one of"),
        (("m.onnx", "onnx", "labels"), "outputs is 'labels', expected one of"),
        (("m.tflite", "onnx"), "expected a name that ends in .onnx"),
        (("m", "savedmodel", "logits", (0, 8)), "image_size"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments, text, tmp_path):
    path, *rest = arguments
    with pytest.raises(ValueError, match=text):
        export_segmenter(NETWORKS["smaller logits"](), tmp_path / path, *rest)
    assert os.listdir(tmp_path) == []


def test_a_size_that_the_network_cannot_take_is_named(tmp_path):
    images = keras.Input((None, None, 3))
    small = keras.layers.AveragePooling2D(80)(images)
    with pytest.raises(ValueError, match="cannot take images of 64x96"):
        export_segmenter(keras.Model(images, small), tmp_path / "m", "savedmodel")
