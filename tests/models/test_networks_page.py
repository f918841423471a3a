"""The figures of docs/networks.md are those of the networks."""

import pathlib
import re

import pytest

from keras_pixda.models import SEGMENTERS, find_segmenter, pyramid_segmenter
from keras_pixda.models.any_size_dinov2 import any_size_dinov2
from keras_pixda.models.any_size_mit import any_size_mit
from keras_pixda.models.any_size_segformer import any_size_segformer

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "networks.md"
ROW = re.compile(r"\| `([^`]+)` \| ([0-9.]+) \|")


def rows():
    """Millions of parameters by spelling, as the page's first table has them."""
    first, _, _ = PAGE.read_text("utf-8").partition("## What was measured")
    return dict(ROW.findall(first))


def mit():
    hub = pytest.importorskip("keras_hub").models
    return hub.MiTBackbone(
        image_shape=(64, 64, 3),
        num_layers=4,
        hidden_dims=[32, 64, 160, 256],
        layerwise_depths=[2, 2, 2, 2],
        layerwise_num_heads=[1, 2, 5, 8],
        layerwise_sr_ratios=[8, 4, 2, 1],
        layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2],
        max_drop_path_rate=0.1,
    )


def segformer():
    hub = pytest.importorskip("keras_hub").models
    return any_size_segformer(hub.SegFormerBackbone(mit(), projection_filters=256), 19)


def dinov2():
    hub = pytest.importorskip("keras_hub").models
    backbone = hub.DINOV2Backbone(
        patch_size=14,
        num_layers=12,
        hidden_dim=384,
        num_heads=6,
        intermediate_dim=1536,
        image_shape=(28, 28, 3),
        position_embedding_shape=(518, 518, 3),
    )
    return pyramid_segmenter(any_size_dinov2(backbone), 19)


# Presets, by constructors that need no download.
HUB = {
    "hub:segformer_b0_cityscapes_1024": segformer,
    "hub:mit_b0_cityscapes_1024": lambda: pyramid_segmenter(any_size_mit(mit()), 19),
    "hub:dinov2_small": dinov2,
}


@pytest.mark.parametrize("name", rows())
def test_parameters(name):
    build = HUB.get(name) or (lambda: find_segmenter(name).build(19))
    assert f"{build().count_params() / 1e6:.1f}" == rows()[name]


def test_every_network_of_the_registry_has_a_row():
    assert {*SEGMENTERS} <= {*rows()}
