"""Networks of keras.applications, none of which is downloaded."""

import inspect

import keras
import numpy as np
import pytest

from keras_pixda.models import applications_segmenter, find_segmenter
from keras_pixda.models.applications_segmenter import (
    ONE_SIZE,
    _network,
    _normalised,
)


def test_any_size_of_raw_images():
    named = find_segmenter("applications:MobileNetV2")
    segmenter = named.build(5, width=4)
    images = np.random.default_rng(0).integers(0, 256, (1, 45, 67, 3), "uint8")
    assert segmenter(images).shape == (1, 45, 67, 5)
    # The finest map of a fourth of the image, before the convolution that halves it.
    lateral = segmenter.get_layer("head_lateral4").input
    assert lateral is segmenter.get_layer("block_3_expand_relu").output
    assert segmenter.name.endswith("_segmenter")
    auxiliary, main = applications_segmenter(
        5, "MobileNet", width=4, auxiliary_head=True
    ).outputs
    assert auxiliary.shape == main.shape == (None, None, None, 5)


NAMES = [
    name
    for name, value in vars(keras.applications).items()
    if inspect.isfunction(value) and name not in ONE_SIZE
]


@pytest.mark.parametrize("name", NAMES)
def test_the_normalisation_of_each_goes_inside(name):
    _, preprocess = _network(name)
    images = keras.Input((None, None, 3))
    inside = keras.Model(images, _normalised(images, preprocess))
    values = np.random.default_rng(0).uniform(0, 255, (1, 4, 5, 3)).astype("float32")
    expected = preprocess(values.copy(), data_format="channels_last")
    np.testing.assert_allclose(inside(values), expected, atol=1e-5)


def test_an_unknown_name_lists_the_known_ones():
    message = (
        r"'applications:MobilNetV2', expected one of \['ConvNeXt.*mean 'MobileNetV2"
    )
    with pytest.raises(ValueError, match=message):
        applications_segmenter(5, "MobilNetV2")


def test_pretrained_weights_are_asked_for_and_how_to_bring_them_is_said(monkeypatch):
    asked = []
    _, preprocess = _network("MobileNetV2")

    def build(include_top, weights, input_tensor):
        asked.append((include_top, weights))
        if asked[2:]:  # To be counted.
            return keras.Model(input_tensor, keras.layers.Dense(62_500)(input_tensor))
        raise OSError("URL fetch failure on https://example.org/a.h5:\n none")

    monkeypatch.setattr(keras.applications, "Mine", build, raising=False)
    monkeypatch.setattr(
        inspect.getmodule(build), "preprocess_input", preprocess, raising=False
    )
    named = find_segmenter("applications:Mine")
    assert not named.is_pretrained()
    with pytest.raises(ValueError, match="cannot be built for images of any size: URL"):
        named.build(5)
    message = (
        r"applications.Mine \(about 1 MB\) cannot be had: URL .*a.h5: none. Put .*"
        "--no-pretrained"
    )
    with pytest.raises(ValueError, match=message):
        named.build(5, pretrained=True)
    assert asked == [(False, None), (False, "imagenet"), (False, None)]


def test_networks_of_one_size_are_not_offered():
    message = "NASNetMobile', which keras.applications builds for one size, expected"
    with pytest.raises(ValueError, match=message) as caught:
        applications_segmenter(5, "NASNetMobile")
    assert "'NASNetLarge'" not in str(caught.value)
