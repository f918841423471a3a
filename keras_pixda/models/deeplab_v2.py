"""The published network: DeepLabV2 on ResNet-101."""

from collections.abc import Sequence

import keras
from keras import layers

from keras_pixda.layers import (
    DilatedConvolution,
    FixedScaleBatchNormalization,
    resized_like,
)
from keras_pixda.models.load_imagenet import load_imagenet
from keras_pixda.models.pixel_mean import PIXEL_MEAN

BLOCKS = (3, 4, 23, 3)


def deeplab_v2(
    num_classes: int,
    auxiliary_head: bool = False,
    blocks: Sequence[int] = BLOCKS,
    filters: int = 64,
    weights: str | None = None,
    name: str = "deeplab_v2",
) -> keras.Model:
    """DeepLabV2 on ResNet-101, the network of the published results.

    Output stride 8, batch normalisation with fixed scale and offset, heads of four
    dilated convolutions (6, 12, 18, 24) summed, and bilinear upsampling with aligned
    corners to the size of the image. It takes plain RGB images and subtracts the mean
    itself. Weight for weight the published network; the channels of `conv1` are in RGB
    order, where PyTorch checkpoints have BGR.

    A saved one is loaded after `import keras_pixda.layers`; what
    `keras_pixda.serving.plain_keras` makes of it needs Keras alone.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import deeplab_v2

    # A toy depth and width; the published network is deeplab_v2(num_classes=19).
    segmenter = deeplab_v2(num_classes=19, blocks=(1, 1, 1, 1), filters=4)
    images = np.zeros((1, 64, 96, 3), dtype="uint8")
    assert segmenter(images).shape == (1, 64, 96, 19)
    ```

    Args:
        num_classes: Number of classes.
        auxiliary_head: Whether to give back the head on `layer3` as well, which
            methods with two prediction levels train: outputs are then
            `[auxiliary, main]`. Defaults to `False`.
        blocks: Bottleneck blocks of the four stages. Defaults to `(3, 4, 23, 3)`, the
            101 layers.
        filters: Filters of the stem. Defaults to 64.
        weights: `"imagenet"` copies those of the ResNet of keras.applications into all
            but the heads (see `keras_pixda.models.load_imagenet`). Defaults to `None`:
            random.
        name: Name of the model. Defaults to `"deeplab_v2"`.

    Returns:
        A `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255, to logits
        `(batch, height, width, num_classes)`, float32.

    Raises:
        ValueError: If `weights` is neither, or there are none for `blocks`.

    Reference:
        Chen et al., [DeepLab: Semantic Image Segmentation with Deep Convolutional Nets,
        Atrous Convolution, and Fully Connected CRFs](https://arxiv.org/abs/1606.00915).
    """
    if weights not in (None, "imagenet"):
        raise ValueError(
            f'weights must be None or "imagenet", received {weights!r}: '
            "keras_pixda.weights.load_pytorch reads published checkpoints."
        )

    # === Layers ===

    def convolution(x, filters, size, name, stride=1, dilation=1, use_bias=False):
        options = {
            "use_bias": use_bias,
            "data_format": "channels_last",
            "kernel_initializer": keras.initializers.RandomNormal(stddev=0.01),
            "name": name,
        }
        if stride == 1:
            options["dilation_rate"] = dilation
            return DilatedConvolution(filters, size, **options)(x)
        if size > 1:  # "same" would pad an even size otherwise.
            x = layers.ZeroPadding2D(size // 2, "channels_last", name=f"{name}_pad")(x)
        return layers.Conv2D(filters, size, strides=stride, **options)(x)

    def normalised(x, name, relu=True):
        x = FixedScaleBatchNormalization(name=name)(x)
        return layers.ReLU(name=f"{name}_relu")(x) if relu else x

    def bottleneck(x, filters, name, stride, dilation, downsample):
        shortcut = x
        x = convolution(x, filters, 1, f"{name}_conv1", stride=stride)
        x = normalised(x, f"{name}_bn1")
        x = convolution(x, filters, 3, f"{name}_conv2", dilation=dilation)
        x = normalised(x, f"{name}_bn2")
        x = convolution(x, 4 * filters, 1, f"{name}_conv3")
        x = normalised(x, f"{name}_bn3", relu=False)
        if downsample:
            shortcut = convolution(
                shortcut, 4 * filters, 1, f"{name}_downsample_conv", stride=stride
            )
            shortcut = normalised(shortcut, f"{name}_downsample_bn", relu=False)
        x = layers.Add(name=f"{name}_add")([x, shortcut])
        return layers.ReLU(name=f"{name}_relu")(x)

    def stage(x, index, stride=1, dilation=1):
        for block in range(blocks[index - 1]):
            first = block == 0
            x = bottleneck(
                x,
                filters * 2 ** (index - 1),
                f"layer{index}_{block}",
                stride=stride if first else 1,
                dilation=dilation,
                downsample=first,
            )
        return x

    def head(x, images, name):
        taps = [
            convolution(x, num_classes, 3, f"{name}_{i}", dilation=d, use_bias=True)
            for i, d in enumerate((6, 12, 18, 24))
        ]
        x = layers.Add(name=f"{name}_sum")(taps)
        return resized_like(x, images, f"{name}_resize", dtype="float32")

    # === Functional model ===

    images = keras.Input((None, None, 3), name="images")
    # float32: in half precision an image minus its mean loses half a grey level.
    x = layers.Rescaling(
        1.0, offset=[-m for m in PIXEL_MEAN], dtype="float32", name="subtract_mean"
    )(images)
    x = convolution(x, filters, 7, "conv1", stride=2)
    x = normalised(x, "bn1")
    # One more row and column at the end: PyTorch's ceil mode.
    x = layers.ZeroPadding2D(((1, 2), (1, 2)), "channels_last", name="pool_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, data_format="channels_last", name="pool")(x)
    x = stage(x, 1)
    x = stage(x, 2, stride=2)
    x = stage(x, 3, dilation=2)
    outputs = []
    if auxiliary_head:
        outputs.append(head(x, images, "auxiliary_head"))
    x = stage(x, 4, dilation=4)
    outputs.append(head(x, images, "head"))
    model = keras.Model(images, outputs if auxiliary_head else outputs[0], name=name)
    if weights:
        load_imagenet(model)
    return model
