"""ImageNet weights of keras.applications into `deeplab_v2`."""

import re

import keras
import numpy as np

from keras_pixda.models.download_error import download_error
from keras_pixda.models.pixel_mean import PIXEL_MEAN
from keras_pixda.models.pytorch_names import (
    architecture,
    pytorch_shapes,
    pytorch_variables,
)

NETWORKS = {
    (3, 4, 6, 3): "ResNet50",
    (3, 4, 23, 3): "ResNet101",
    (3, 8, 36, 3): "ResNet152",
}
# Megabytes to download.
SIZES = {(3, 4, 6, 3): 95, (3, 4, 23, 3): 171, (3, 8, 36, 3): 235}
# What `keras.applications.resnet.preprocess_input` subtracts, in RGB order.
NETWORK_MEAN = (123.68, 116.779, 103.939)


def load_imagenet(
    segmenter: keras.Model, network: keras.Model | None = None
) -> keras.Model:
    """Copy the ImageNet weights of a keras.applications ResNet into `deeplab_v2`.

    The two are the same network up to where DeepLabV2 dilates instead of striding, and
    every second (`layer3`) or fourth (`layer4`) feature is the ResNet's own. What they
    write differently is folded into the running statistics: the biases of the
    convolutions, epsilon and the mean that is subtracted from images. The heads stay as
    they are.

    Features equal the ResNet's for images whose sides are one more than a multiple of
    four. For other sizes they differ near the lower and right border, where DeepLabV2
    keeps one more row and column. At the outermost pixels it also pads with its own
    mean colour, a grey level away.

    Example:

    ```python
    from keras_pixda.models import deeplab_v2
    from keras_pixda.models import load_imagenet

    def segmenter():  # Downloads 170 MB, once.
        return load_imagenet(deeplab_v2(num_classes=19))
    ```

    Args:
        segmenter: A `deeplab_v2` of 64 filters and the blocks of ResNet-50, 101 or 152.
        network: The keras.applications ResNet of that depth, for instance one whose
            weights are read from a local file. Defaults to `None`: keras.applications
            downloads it.

    Returns:
        The segmenter.

    Raises:
        ValueError: If the segmenter or the network is another one, or if the download
            fails; the message says how to bring the file by hand.
    """
    variables = pytorch_variables(segmenter)
    arguments = architecture(pytorch_shapes(variables))
    blocks, filters = arguments["blocks"], arguments["filters"]
    if blocks not in NETWORKS or filters != 64:
        known = ", ".join(f"{name} {depth}" for depth, name in NETWORKS.items())
        raise ValueError(
            f"The segmenter has the blocks {blocks} and {filters} filters, expected "
            f"those of a keras.applications network: {known} and 64 filters."
        )
    if network is None:
        make = getattr(keras.applications, NETWORKS[blocks])
        try:
            network = make(include_top=False, weights="imagenet")
        except Exception as error:  # Keras raises no other for a download.
            size = f"{SIZES[blocks]} MB"
            raise download_error(NETWORKS[blocks], error, size) from error
    theirs = {layer.name: layer for layer in network.layers if layer.weights}
    theirs.pop("predictions", None)
    ours = {
        _network_name(layer.name): layer
        for layer in segmenter.layers
        if layer.weights and "head" not in layer.name
    }
    if theirs.keys() != ours.keys():
        raise ValueError(
            f"The network {network.name!r} is not keras.applications' "
            f"{NETWORKS[blocks]}, which the segmenter's blocks {blocks} call for."
        )
    for name in theirs:
        if name.endswith("_conv"):
            normalisation = name.removesuffix("conv") + "bn"
            _copy(
                (theirs[name], theirs[normalisation]), (ours[name], ours[normalisation])
            )
    return segmenter


def _network_name(layer):
    """The name in keras.applications of a layer of `deeplab_v2`."""
    found = re.fullmatch(r"layer(\d)_(\d+)_(downsample_)?(conv|bn)(\d?)", layer)
    if not found:
        return f"conv1_{layer.rstrip('1')}"
    stage, block, _, kind, index = found.groups()
    return f"conv{int(stage) + 1}_block{int(block) + 1}_{index or 0}_{kind}"


def _copy(theirs, ours):
    """Copy a convolution and its normalisation."""
    kernel, bias = theirs[0].get_weights()
    gamma, beta, mean, variance = theirs[1].get_weights()
    mean = mean - bias
    if theirs[0].name == "conv1_conv":
        kernel = kernel[:, :, ::-1]  # From BGR to RGB.
        shift = np.subtract(PIXEL_MEAN, NETWORK_MEAN, dtype="float32")
        mean = mean - shift @ kernel.sum((0, 1))
    variance = variance + (theirs[1].epsilon - ours[1].epsilon)
    ours[0].set_weights([kernel])
    ours[1].set_weights([gamma, beta, mean, variance])
