"""How published checkpoints name and lay out the weights of `deeplab_v2`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

KINDS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
AUXILIARY_HEAD, HEAD = "layer5.conv2d_list", "layer6.conv2d_list"
HEAD_CONVOLUTIONS = 4


def pytorch_name(layer: str, variable: str) -> str:
    """The name in a checkpoint of a layer's variable.

    Args:
        layer: Name of the layer, such as `"layer3_0_conv1"`.
        variable: Name of its variable, such as `"kernel"`.
    """
    layer = re.sub(r"^head_(\d)$", rf"{HEAD}.\1", layer)
    layer = re.sub(r"^auxiliary_head_(\d)$", rf"{AUXILIARY_HEAD}.\1", layer)
    layer = re.sub(r"^(layer\d)_(\d+)_", r"\1.\2.", layer)
    layer = layer.replace("downsample_conv", "downsample.0")
    layer = layer.replace("downsample_bn", "downsample.1")
    return f"{layer}.{KINDS.get(variable, variable)}"


def to_keras(name: str, value: np.ndarray) -> np.ndarray:
    """A checkpoint's array as our variable holds it."""
    if name == "conv1.weight":
        value = value[:, ::-1]  # From BGR to RGB.
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value


def to_pytorch(name: str, value: np.ndarray) -> np.ndarray:
    """Our variable's array as a checkpoint holds it."""
    value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value
    return value[:, ::-1] if name == "conv1.weight" else value


def pytorch_variables(segmenter: keras.Model) -> dict[str, keras.Variable]:
    """The variables of a `deeplab_v2` by the names they have in a checkpoint.

    Raises:
        ValueError: If `segmenter` is another network.
    """
    if isinstance(segmenter, keras.Model):
        variables = {
            pytorch_name(layer.name, variable.name): variable
            for layer in segmenter.layers
            for variable in layer.weights
        }
        shapes = pytorch_shapes(variables)
        if shapes == network_shapes(**architecture(shapes)):
            return variables
    name = getattr(segmenter, "name", segmenter)
    raise ValueError(
        f"The segmenter {name!r} is not a keras_pixda.models.deeplab_v2, whose weights "
        "alone have a place in a published checkpoint (of a PixDAModel, pass its "
        ".segmenter)."
    )


def pytorch_shapes(variables: Mapping[str, keras.Variable]) -> dict[str, tuple]:
    """The shapes that variables have in a checkpoint, by name."""

    def shape(variable):
        sizes = tuple(variable.shape)
        return (sizes[3], sizes[2], *sizes[:2]) if len(sizes) == 4 else sizes

    return {name: shape(variable) for name, variable in variables.items()}


def architecture(shapes: Mapping[str, tuple]) -> dict[str, Any]:
    """Arguments of `deeplab_v2` that give these shapes, as far as they tell."""

    def first(name, default):
        return next(iter(shapes.get(f"{name}.weight", ())), default)

    stages = [{} for _ in range(4)]
    for name in shapes:
        if found := re.match(r"layer([1-4])\.(\d+)\.", name):
            stages[int(found[1]) - 1][found[2]] = True
    return {
        "num_classes": first(f"{HEAD}.0", 19),
        "auxiliary_head": any(name.startswith(AUXILIARY_HEAD) for name in shapes),
        "blocks": tuple(map(len, stages)),
        "filters": first("conv1", 64),
    }


def network_shapes(
    num_classes: int, auxiliary_head: bool, blocks: Sequence[int], filters: int
) -> dict[str, tuple]:
    """The shapes in a checkpoint of a `deeplab_v2` of these arguments, by name."""
    shapes = {}

    def convolution(name, outputs, inputs, size):
        shapes[f"{name}.weight"] = (outputs, inputs, size, size)

    def normalisation(name, channels):
        for kind in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{kind}"] = (channels,)

    def head(name, inputs):
        for i in range(HEAD_CONVOLUTIONS):
            convolution(f"{name}.{i}", num_classes, inputs, 3)
            shapes[f"{name}.{i}.bias"] = (num_classes,)

    convolution("conv1", filters, 3, 7)
    normalisation("bn1", filters)
    inputs = filters
    for stage, count in enumerate(blocks):
        width = filters * 2**stage
        for block in range(count):
            name = f"layer{stage + 1}.{block}"
            convolution(f"{name}.conv1", width, inputs, 1)
            convolution(f"{name}.conv2", width, width, 3)
            convolution(f"{name}.conv3", 4 * width, width, 1)
            for i, channels in enumerate((width, width, 4 * width), start=1):
                normalisation(f"{name}.bn{i}", channels)
            if block == 0:
                convolution(f"{name}.downsample.0", 4 * width, inputs, 1)
                normalisation(f"{name}.downsample.1", 4 * width)
            inputs = 4 * width
    if auxiliary_head:
        head(AUXILIARY_HEAD, 16 * filters)
    head(HEAD, 32 * filters)
    return shapes
