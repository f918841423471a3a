"""One head for backbones of every kind; what has no pyramid is refused."""

import re

import keras
import numpy as np
import pytest
from keras import layers

from keras_pixda.models import efficientnet_lite, pyramid_segmenter
from keras_pixda.models.backbone_features import backbone_features
from keras_pixda.optimizers import published_optimizers

STRIDES = (4, 8, 16, 32)


def tiny():
    return efficientnet_lite(0, width_factor=0.1, depth_factor=0.1)


def plain(strides=(2, 4, 8, 16, 32), size=(None, None), outputs=list):
    """A backbone of one convolution for each stride."""
    images = x = keras.Input((*size, 3))
    maps = {}
    for stride in strides:
        x = layers.Conv2D(stride, 3, strides=2, padding="same")(x)
        maps[f"stride {stride}"] = x
    return keras.Model(images, outputs(maps) if outputs is dict else [*maps.values()])


def keras_hub_resnet():
    keras_hub = pytest.importorskip("keras_hub")
    return keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 8, 12, 16],
        stackwise_num_blocks=[1, 1, 1, 1],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
    )


# Filters of their maps at the strides 4 to 32.
BACKBONES = {
    "ours": (tiny, [8, 8, 16, 32]),
    "a list": (plain, [4, 8, 16, 32]),
    "a dictionary": (lambda: plain(outputs=dict), [4, 8, 16, 32]),
    "keras_hub": (keras_hub_resnet, [64, 8, 12, 16]),
}


@pytest.mark.parametrize("name", BACKBONES)
def test_backbones_of_every_kind(name):
    make, filters = BACKBONES[name]
    backbone = make()
    features = backbone_features(backbone)
    assert [*features] == [*STRIDES]
    assert [x.shape[-1] for x in features.values()] == filters
    segmenter = pyramid_segmenter(backbone, 5, width=4)
    images = np.random.default_rng(0).integers(0, 256, (2, 45, 67, 3), "uint8")
    logits = segmenter(images)
    assert (logits.shape, logits.dtype) == ((2, 45, 67, 5), "float32")
    # Every level has a say.
    assert {layer.name for layer in segmenter.layers} >= {
        f"head_lateral{stride}" for stride in STRIDES
    }


def test_maps_inside_are_those_that_nothing_goes_past():
    """As in a residual network that normalises first, and strides at a block's end."""

    def block(x, stride, name):
        before = layers.ReLU(name=f"{name}_before")(x)
        x = layers.Conv2D(8, 1, name=f"{name}_inner")(before)
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
        x = layers.Conv2D(8, 3, strides=stride)(x)
        shortcut = layers.Conv2D(8, 1, strides=stride)(before)
        return layers.Add(name=f"{name}_end")((x, shortcut))

    images = keras.Input((None, None, 3))
    x = layers.Conv2D(8, 4, strides=4, padding="same")(images)
    for number, stride in enumerate((2, 1, 2, 2)):
        x = block(x, stride, f"block{number}")
    backbone = keras.Model(images, x)
    features = backbone_features(backbone)
    ends = ("block0_before", "block2_before", "block3_before", "block3_end")
    for stride, layer in zip(STRIDES, ends, strict=True):
        assert features[stride] is backbone.get_layer(layer).output


def test_auxiliary_head_comes_first_and_changes_no_other_weight():
    networks = []
    for auxiliary_head in (False, True):
        keras.utils.set_random_seed(3)
        networks.append(
            pyramid_segmenter(tiny(), 5, width=4, auxiliary_head=auxiliary_head)
        )
    alone, both = networks
    images = np.random.default_rng(0).uniform(0, 255, (1, 32, 48, 3))
    auxiliary, main = both(images)
    assert auxiliary.shape == main.shape
    np.testing.assert_array_equal(main, alone(images))


def test_the_head_and_it_alone_has_the_rate_of_the_head():
    backbone = tiny()
    of_backbone = {variable.path for variable in backbone.variables}
    segmenter = pyramid_segmenter(backbone, 5, width=4, auxiliary_head=True)
    head = published_optimizers.__defaults__[-3]
    assert head == ".*head.*"
    for variable in segmenter.variables:
        assert bool(re.fullmatch(head, variable.path)) != (variable.path in of_backbone)


def test_half_precision_answers_in_float32(dtype_policy):
    dtype_policy("mixed_bfloat16")
    segmenter = pyramid_segmenter(tiny(), 5, width=4)
    logits = segmenter(np.zeros((1, 32, 48, 3)))
    assert logits.dtype == "float32"
    assert segmenter.get_layer("head_conv4").compute_dtype == "bfloat16"


def channels_first():
    images = keras.Input((3, None, None))
    return keras.Model(images, layers.Identity()(images), name="turned")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: plain(size=(64, 96)),
            "takes images of 96 x 64 pixels alone, expected any size: build it with",
        ),
        (
            channels_first,
            r"'turned' takes \(None, 3, None, None\), its channels first, ",
        ),
        (
            lambda: plain((2, 4, 8)),
            r"at the strides \[2, 4, 8\], expected 4, 8, 16, 32",
        ),
        (lambda: "MobileNet", "'MobileNet' is not a functional keras.Model"),
        (
            lambda: keras.Sequential([layers.Conv2D(3, 3)]),
            "is not a functional keras.Model",
        ),
    ],
)
def test_other_backbones_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        pyramid_segmenter(make(), 5)
