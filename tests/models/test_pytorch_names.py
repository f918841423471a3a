"""Names and shapes in published checkpoints."""

import numpy as np
import pytest

from keras_pixda.models import deeplab_v2
from keras_pixda.models.pytorch_names import (
    architecture,
    network_shapes,
    pytorch_name,
    pytorch_shapes,
    pytorch_variables,
    to_keras,
    to_pytorch,
)


@pytest.mark.parametrize(
    ("layer", "variable", "expected"),
    [
        ("conv1", "kernel", "conv1.weight"),
        ("bn1", "moving_variance", "bn1.running_var"),
        ("layer3_22_conv3", "kernel", "layer3.22.conv3.weight"),
        ("layer1_0_downsample_conv", "kernel", "layer1.0.downsample.0.weight"),
        ("layer2_0_downsample_bn", "beta", "layer2.0.downsample.1.bias"),
        ("layer4_2_bn2", "gamma", "layer4.2.bn2.weight"),
        ("layer4_2_bn2", "moving_mean", "layer4.2.bn2.running_mean"),
        ("auxiliary_head_0", "kernel", "layer5.conv2d_list.0.weight"),
        ("head_3", "bias", "layer6.conv2d_list.3.bias"),
    ],
)
def test_names(layer, variable, expected):
    assert pytorch_name(layer, variable) == expected


def test_layout():
    kernel = np.arange(2 * 3 * 5 * 4).reshape(2, 3, 5, 4)
    for name in ("layer1.0.conv1.weight", "conv1.weight"):
        theirs = to_pytorch(name, kernel)
        assert theirs.shape == (4, 5, 2, 3)
        channel = 1 if "layer" in name else 3  # Blue, green, red.
        assert theirs[2, channel, 0, 1] == kernel[0, 1, 1, 2]
        np.testing.assert_array_equal(to_keras(name, theirs), kernel)
    assert to_keras("bn1.weight", np.arange(3)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("auxiliary_head", [False, True])
def test_the_listed_shapes_are_those_of_the_network(auxiliary_head):
    arguments = {
        "num_classes": 5,
        "auxiliary_head": auxiliary_head,
        "blocks": (1, 2, 3, 1),
        "filters": 2,
    }
    shapes = pytorch_shapes(pytorch_variables(deeplab_v2(**arguments)))
    assert shapes == network_shapes(**arguments)
    assert architecture(shapes) == arguments


def test_the_published_shapes():
    """Facts of ResNet-101 with two heads of 19 classes."""
    shapes = network_shapes(19, True, (3, 4, 23, 3), 64)
    assert len(shapes) == 104 + 4 * 104 + 16
    parameters = {n: s for n, s in shapes.items() if "running" not in n}
    size = 42_394_816 + 105_344 + 4 * (1024 + 2048) * 9 * 19 + 8 * 19
    assert sum(np.prod(shape) for shape in parameters.values()) == size
    assert shapes["layer4.0.downsample.0.weight"] == (2048, 1024, 1, 1)
