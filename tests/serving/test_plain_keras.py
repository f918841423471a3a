"""Files that Keras alone can load."""

import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from keras_pixda.layers import AlignedResize, LeanLeakyReLU
from keras_pixda.methods import PixDAModel
from keras_pixda.models import (
    deeplab_v2,
    efficientnet_lite,
    pyramid_segmenter,
    small_segmenter,
)
from keras_pixda.serving import export_segmenter, plain_keras

# Another Python, in which nothing of this package can be imported.
ALONE = """
import sys
sys.modules["keras_pixda"] = None
import keras
import numpy as np
images = np.load("images.npy")
for name in sys.argv[1:]:
    model = keras.saving.load_model(f"{name}.keras")
    np.save(f"{name}.npy", model(images, training=False))
"""


def images():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (2, 37, 50, 3)).astype("float32")


def deeplab():
    network = deeplab_v2(3, blocks=(1, 1, 1, 1), filters=4)
    random = np.random.default_rng(0)
    for weight in network.weights:
        if weight.path.endswith(("beta", "moving_mean")):
            weight.assign(random.normal(0, 0.1, weight.shape))
    return network


def pyramid():
    backbone = efficientnet_lite(0, width_factor=0.1, depth_factor=0.1)
    return pyramid_segmenter(backbone, 3, width=4)


def old_network():
    """One whose file was written with a layer of this package for every resize."""
    inputs = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 64)(inputs)
    inner = keras.Input((None, None, 3))
    y = LeanLeakyReLU(0.2)(layers.Conv2D(4, 3, strides=2, padding="same")(inner))
    x = keras.Model(inner, layers.Conv2D(3, 1)(y), name="inner")(x)
    return keras.Model(inputs, AlignedResize(name="logits")((x, inputs)))


def test_keras_alone_loads_what_comes_out(tmp_path):
    segmenters = {
        "small": PixDAModel(small_segmenter(3, filters=4)).segmenter,
        "pyramid": pyramid(),
        "deeplab": deeplab(),
        "old": old_network(),
    }
    for name in ("small", "pyramid"):
        segmenters[name].save(tmp_path / f"{name}.keras")  # As it is.
    for name in ("deeplab", "old"):
        path = tmp_path / f"{name}.keras"
        assert export_segmenter(segmenters[name], path, "keras") <= 1e-4
    np.save(tmp_path / "images.npy", images())
    subprocess.run(
        [sys.executable, "-c", ALONE, *segmenters],
        cwd=tmp_path,
        check=True,
        timeout=120,
    )
    for name, segmenter in segmenters.items():
        logits = np.asarray(segmenter(images(), training=False))
        assert np.ptp(logits) > 0.01
        np.testing.assert_allclose(
            np.load(tmp_path / f"{name}.npy"), logits, rtol=1e-5, atol=1e-5
        )


def test_no_layer_of_this_package_is_left(tmp_path):
    for make in (deeplab, old_network):
        segmenter = make()
        plain = plain_keras(segmenter)
        np.testing.assert_allclose(
            plain(images(), training=False),
            segmenter(images(), training=False),
            rtol=1e-5,
            atol=1e-5,
        )
        names = [[x.name for x in model.layers[1:]] for model in (plain, segmenter)]
        assert names[0] == names[1]
        plain.save(tmp_path / "plain.keras")
        config = zipfile.ZipFile(tmp_path / "plain.keras").read("config.json")
        assert b"pixda" not in config


def test_files_of_earlier_networks_load(tmp_path):
    segmenter = old_network()
    segmenter.save(tmp_path / "old.keras")
    again = PixDAModel(keras.saving.load_model(tmp_path / "old.keras"))
    np.testing.assert_array_equal(again.segmenter(images()), segmenter(images()))


@keras.saving.register_keras_serializable("somebody")
class Foreign(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def test_layers_of_others_are_named(tmp_path):
    inputs = keras.Input((None, None, 3))
    segmenter = keras.Model(inputs, Foreign(name="twice")(layers.Conv2D(3, 1)(inputs)))
    with pytest.raises(ValueError, match="'twice' is a Foreign of .*another format"):
        export_segmenter(segmenter, tmp_path / "a.keras", "keras")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [{"outputs": "classes"}, {"image_size": (32, 48)}])
def test_a_keras_file_is_the_segmenter_itself(wrong, tmp_path):
    with pytest.raises(ValueError, match="leave both out"):
        export_segmenter(old_network(), tmp_path / "a.keras", "keras", **wrong)
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        export_segmenter(old_network(), tmp_path / "a.h5", "keras")
