"""Toys of keras-hub's networks, with random numbers in all weights."""

import numpy as np
import pytest

keras_hub = pytest.importorskip("keras_hub")


def filled(model):
    """A model whose weights all differ from what they are made with."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        value = random.normal(scale=0.3, size=weight.shape)
        weight.assign(abs(value) + 0.5 if "variance" in weight.path else value)
    return model


def mit():
    """Two blocks in a stage, two heads, attention over fewer keys: all that varies."""
    return filled(
        keras_hub.models.MiTBackbone(
            image_shape=(64, 64, 3),
            num_layers=4,
            hidden_dims=[4, 8, 12, 16],
            layerwise_depths=[1, 2, 1, 1],
            layerwise_num_heads=[1, 2, 3, 2],
            layerwise_sr_ratios=[4, 2, 1, 1],
            layerwise_patch_sizes=[7, 3, 3, 3],
            layerwise_strides=[4, 2, 2, 2],
            max_drop_path_rate=0.1,
        )
    )


def segformer():
    return filled(keras_hub.models.SegFormerBackbone(mit(), projection_filters=8))


def dinov2(folder, side, trained_side, **arguments):
    """As from a preset, when positions are interpolated for the model's own size."""
    backbone = filled(
        keras_hub.models.DINOV2Backbone(
            patch_size=14,
            num_layers=4,
            hidden_dim=8,
            num_heads=2,
            intermediate_dim=16,
            image_shape=(trained_side, trained_side, 3),
            position_embedding_shape=(trained_side, trained_side, 3),
            **arguments,
        )
    )
    backbone.save_to_preset(folder)
    return keras_hub.models.Backbone.from_preset(
        str(folder), image_shape=(side, side, 3)
    )


def images(height, width):
    random = np.random.default_rng(0)
    return random.normal(size=(2, height, width, 3)).astype("float32")


def deeplab_v3():
    resnet = keras_hub.models.ResNetBackbone(
        [64], [7], [64, 8, 8, 8], [1, 1, 1, 1], [1, 2, 2, 2], "basic_block"
    )
    return keras_hub.models.DeepLabV3Backbone(
        resnet,
        spatial_pyramid_pooling_key="P5",
        low_level_feature_key="P2",
        upsampling_size=8,
        dilation_rates=[2],
        projection_filters=8,
    )
