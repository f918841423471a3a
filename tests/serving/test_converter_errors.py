import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_pixda import PixDAModel, cli
from keras_pixda.models import image_discriminator, pixel_discriminator, small_segmenter
from keras_pixda.serving import export_segmenter
from keras_pixda.serving.converter_errors import converter_errors


def unet(size=(None, None)):
    """Its bilinear UpSampling2D has to know the size, in this version of Keras."""
    inputs = keras.Input((*size, 3))
    x = layers.Conv2D(3, 2, strides=2)(layers.Rescaling(1 / 255)(inputs))
    up = layers.UpSampling2D(2, interpolation="bilinear")(x)
    return keras.Model(inputs, up, name="unet")


def pixda(segmenter):
    return PixDAModel(segmenter, pixel_discriminator(3, 2), image_discriminator(3, 2))


@pytest.mark.parametrize("format", ["savedmodel", "onnx", "litert"])
def test_a_network_of_fixed_size_says_so(format, tmp_path):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    suffix = {"savedmodel": "", "onnx": ".onnx", "litert": ".tflite"}[format]
    path = tmp_path / f"unet{suffix}"
    with pytest.raises(ValueError, match=r"for images of any size.*image_size=\(heig"):
        export_segmenter(unet(), path, format, verify=False)
    assert not any(tmp_path.iterdir())
    if format == "savedmodel":  # The remedy.
        assert export_segmenter(unet(), path, format, image_size=(32, 48)) <= 1e-4


def test_a_model_is_exported_as_its_segmenter(tmp_path):
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 48, 3)).astype("float32")
    model = pixda(small_segmenter(3, filters=2))
    model.export(tmp_path / "model", verbose=False)
    served = tf.saved_model.load(tmp_path / "model")
    np.testing.assert_allclose(
        served.serve(images), model.predict(images, verbose=0), atol=1e-5
    )
    with pytest.raises(ValueError, match="'unet' cannot be exported as tf_saved_model"):
        pixda(unet()).export(tmp_path / "unet", verbose=False)
    with pytest.raises(ValueError, match="Unrecognized format"):
        model.export(tmp_path / "model", format="coreml")


def test_the_command_line_prints_one_sentence(tmp_path, capsys):
    unet().save(tmp_path / "segmenter.keras")
    (tmp_path / "classes.json").write_text(
        '{"classes": ["a", "b", "c"], "palette": [[0, 0, 0], [1, 1, 1], [2, 2, 2]], '
        '"ignore_class": 255, "well": ["a"], "image_size": [32, 48]}'
    )
    words = ["export", str(tmp_path), "--format", "savedmodel"]
    assert cli.main([*words, "--output", str(tmp_path / "served")]) != 0
    shown = capsys.readouterr().err
    assert "--image-size HEIGHT WIDTH" in shown
    assert "Traceback" not in shown


def test_what_has_a_name_already_is_left_alone():
    for error in (ImportError("onnx"), PermissionError("path")):
        with pytest.raises(type(error)), converter_errors(None, "onnx", (None, None)):
            raise error
    with (
        pytest.raises(ValueError, match="as onnx, another format may do.*no such op"),
        converter_errors(unet(), "onnx", (32, 48)),
    ):
        raise TypeError("\x1b[1mno such op\x1b[0m\n\nArguments received by it:\n  • x")
