"""EfficientNet-Lite, a small pretrained network, as a backbone or as a classifier."""

import math
from typing import NamedTuple

import keras
from keras import layers

# Factors of width and depth.
VARIANTS = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}
# Repeats, kernel size, stride, expansion and filters of the stages, at factors of 1.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, TOP = 32, 1280


def efficientnet_lite(
    variant: int = 0,
    num_classes: int | None = None,
    width_factor: float | None = None,
    depth_factor: float | None = None,
    name: str | None = None,
) -> keras.Model:
    """EfficientNet-Lite, for any size of images.

    The Lite networks are EfficientNets without squeeze and excitation, with ReLU6, and
    with a stem and a last convolution of the same width in all of them. It takes plain
    RGB images, normalises them itself, and is made of Keras's own layers. Weights are
    random; `keras_pixda.weights.load_efficientnet_lite` has those of ImageNet.

    Example:

    ```python
    from keras_pixda.models import efficientnet_lite

    # A toy; the published network is efficientnet_lite(0).
    backbone = efficientnet_lite(0, width_factor=0.1, depth_factor=0.1)
    assert list(backbone.output) == ["P1", "P2", "P3", "P4", "P5"]
    shape = backbone.compute_output_shape((1, 64, 96, 3))["P2"]
    assert shape == (1, 16, 24, 8)
    ```

    Args:
        variant: 0, 1 or 2, from the smallest to the largest. Defaults to 0.
        num_classes: Number of classes of the classifier at the end, 1000 on ImageNet.
            Defaults to `None`: no classifier, a backbone.
        width_factor: Of the filters, which are multiples of 8. Defaults to `None`, the
            variant's: 1.0, 1.0 or 1.1.
        depth_factor: Of the repeated blocks. Defaults to `None`, the variant's: 1.0,
            1.1 or 1.2.
        name: Name of the model. Defaults to `"efficientnet_lite"` and the variant.

    Returns:
        A `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255, to a dict
        of feature maps, `"P1"` to `"P5"` at the strides 2, 4, 8, 16 and 32; with
        `num_classes`, to logits `(batch, num_classes)`, float32.

    Raises:
        ValueError: If there is no such variant.

    Reference:
        Tan and Le, [EfficientNet: Rethinking Model Scaling for Convolutional Neural
        Networks](https://arxiv.org/abs/1905.11946), ICML 2019.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant is {variant!r}, expected one of {[*VARIANTS]}.")
    width, depth = VARIANTS[variant]
    width = width if width_factor is None else width_factor
    depth = depth if depth_factor is None else depth_factor

    # === Layers ===

    def normalised(x, name, relu=True):
        x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x

    def convolution(x, filters, size, name, stride=1, relu=True):
        x = layers.Conv2D(
            filters,
            size,
            strides=stride,
            padding="same",
            data_format="channels_last",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_conv",
        )(x)
        return normalised(x, name, relu)

    def block(x, name, size, stride, expansion, filters):
        shortcut = x
        if expansion > 1:
            x = convolution(x, expansion * x.shape[-1], 1, f"{name}_expand")
        x = layers.DepthwiseConv2D(
            size,
            strides=stride,
            padding="same",
            data_format="channels_last",
            use_bias=False,
            depthwise_initializer="he_normal",
            name=f"{name}_depthwise_conv",
        )(x)
        x = normalised(x, f"{name}_depthwise")
        x = convolution(x, filters, 1, f"{name}_project", relu=False)
        if stride == 1 and shortcut.shape[-1] == filters:
            x = layers.Add(name=f"{name}_add")((x, shortcut))
        return x

    # === Functional model ===

    images = keras.Input((None, None, 3), name="images")
    # float32: half precision would lose half a grey level.
    x = layers.Rescaling(1 / 128, -127 / 128, dtype="float32", name="rescale")(images)
    x = convolution(x, STEM, 3, "stem", stride=2)
    features = []
    for number, plan in enumerate(block_plans(width, depth)):
        if plan.stride == 2:
            features.append(x)
        x = block(x, f"block{number}", *plan)
    features.append(x)
    name = name or f"efficientnet_lite{variant}"
    if num_classes is None:
        maps = {f"P{level}": x for level, x in enumerate(features, start=1)}
        return keras.Model(images, maps, name=name)
    x = convolution(x, TOP, 1, "top")
    x = layers.GlobalAveragePooling2D("channels_last", name="pool")(x)
    logits = layers.Dense(num_classes, dtype="float32", name="classifier")(x)
    return keras.Model(images, logits, name=name)


class BlockPlan(NamedTuple):
    """The numbers of an inverted bottleneck."""

    size: int
    stride: int
    expansion: int
    filters: int


def block_plans(width: float, depth: float) -> list[BlockPlan]:
    """The blocks of all stages in order, at factors of width and depth."""
    plans = []
    for number, (repeats, *plan) in enumerate(STAGES):
        if number not in (0, len(STAGES) - 1):  # Fixed like the stem and the top.
            repeats = math.ceil(depth * repeats)
        size, stride, expansion, filters = plan
        filters = _rounded(width * filters)
        plans.append(BlockPlan(size, stride, expansion, filters))
        plans += [BlockPlan(size, 1, expansion, filters)] * (repeats - 1)
    return plans


def _rounded(filters):
    """The nearest multiple of 8 that is not more than a tenth smaller."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded
