import sys

import keras
import numpy as np
import pytest

from keras_pixda.models import SEGMENTERS, find_segmenter


def test_by_name():
    for name, known in SEGMENTERS.items():
        assert find_segmenter(name) is known


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smal", r"^segmenter is 'smal', expected one of \['small', .*mean 'small'\?$"),
        (
            "u_net",
            r"^segmenter is 'u_net', expected one of .*'deeplab_v2', .*"
            r"'applications:NAME', 'hub:NAME'\], FILE.keras or package\.module:func",
        ),
        ("eficientnet_lite0", "mean 'efficientnet_lite0'\\?$"),
        ("Efficientnet_lite", "'efficientnet_lite1' or 'efficientnet_lite2'\\?$"),
        ("ResNet50", r"is applications:ResNet50, .* hub:ResNet50\.$"),
        ("a.weights.h5", r"saved anew, .*; weights alone are --weights"),
        ("applications:", "^segmenter is 'applications:', expected one of"),
        ("a.b:c.d", "^segmenter is 'a.b:c.d', expected one of"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(name, message):
    with pytest.raises(ValueError, match=message):
        find_segmenter(name)


# === Spelled ones ===


def segmenter(num_classes):
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="inner")(images)
    return keras.Model(images, keras.layers.Conv2D(num_classes, 1, name="head")(x))


def test_spellings_are_read_without_keras_or_the_file():
    titles = {
        "applications:MobileNetV2": "MobileNetV2",
        "/nowhere/mine.keras": "mine.keras",
        "package.module:function": "package.module:function",
    }
    for name, title in titles.items():
        assert find_segmenter(name).title == title
    asked = {name: find_segmenter(name).is_pretrained() for name in titles}
    # A saved one goes on with its weights; nothing is downloaded without being asked.
    assert [*asked.values()] == [False, True, False]


def test_a_saved_model(tmp_path):
    path = str(tmp_path / "mine.keras")
    network = segmenter(5)
    network.save(path)
    named = find_segmenter(path)
    images = np.ones((1, 32, 48, 3), "float32")
    same = named.build(5, pretrained=True)
    np.testing.assert_array_equal(same(images), network(images))
    anew = named.build(5)
    assert [layer.name for layer in anew.layers] == [x.name for x in network.layers]
    assert not np.allclose(anew(images), network(images))
    with pytest.raises(
        ValueError, match="mine.keras: holds a segmenter of 5 classes, e"
    ):
        named.build(4)
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)]).save(path)
    with pytest.raises(ValueError, match="expected logits of the shape"):
        named.build(5)
    with pytest.raises(ValueError, match="nowhere.keras: cannot be read"):
        find_segmenter(str(tmp_path / "nowhere.keras")).build(5)


def test_a_saved_model_of_a_method(tmp_path):
    from keras_pixda.training import SupervisedModel

    path = str(tmp_path / "method.keras")
    model = SupervisedModel(segmenter(5))
    model.compile()
    model.save(path)
    found = find_segmenter(path).build(5, pretrained=True)
    for value, expected in zip(found.weights, model.segmenter.weights, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_a_function_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)  # Found there, behind all that Python knows.
    (tmp_path / "my_own_network.py").write_text(
        "from keras_pixda.models import small_segmenter\n"
        "def build(num_classes):\n"
        "    return small_segmenter(num_classes, filters=2)\n"
        "def needy(num_classes, image_size):\n"
        "    pass\n"
        "def fails(num_classes):\n"
        "    raise SystemExit('mine')\n"
        "def late(num_classes):\n"
        "    raise RuntimeError('two\\nlines')\n"
        "import keras_pixda\n"
    )
    (tmp_path / "my_unclosed_network.py").write_text("x = 1\ny = (")
    (tmp_path / "my_broken_network.py").write_text("import missing_from_mine")
    assert find_segmenter("my_own_network:build").build(4).output_shape[-1] == 4
    for name, message in (
        ("my_own_network:biuld", "has no 'biuld', did you mean 'build'"),
        ("my_own_network:needy", "alone, received one with missing .*'image_size'"),
        ("my_own_network:keras_pixda", "expected a function, received <module"),
        ("my_own_network:fails", r"network\.py, line 7: SystemExit: mine\.$"),
        ("my_own_network:late", r"network\.py, line 9: RuntimeError: two lines\.$"),
        ("my_broken_network:build", r"_network\.py, line 1: .*'missing_from_mine'\.$"),
        ("my_unclosed_network:build", r"unclosed_network\.py, line 2: SyntaxError"),
        ("HUB:mit_b0", "no module 'HUB', did you mean 'hub'"),
        ("nowhere:function", r"there is no module 'nowhere'\.$"),
        ("application:ResNet50", "no module 'application', did you mean 'applications"),
    ):
        with pytest.raises(ValueError, match=message):
            find_segmenter(name).build(4)
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "my_installed_network.py").write_text(
        "def build(num_classes):\n    raise RuntimeError('there')\n"
    )
    monkeypatch.syspath_prepend(installed)
    with pytest.raises(ValueError, match=r"installed_network\.py, line 2: Runtime"):
        find_segmenter("my_installed_network:build").build(4)
    with pytest.raises(ValueError, match="build has no pretrained weights"):
        find_segmenter("my_own_network:build").build(4, pretrained=True)
