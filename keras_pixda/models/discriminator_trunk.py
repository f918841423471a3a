"""The convolutions that every discriminator of whole predictions is made of."""

import keras
from keras import layers

from keras_pixda.layers import LeanLeakyReLU
from keras_pixda.models.pixel_discriminator import INITIALIZER
from keras_pixda.typing import Tensor


def discriminator_trunk(
    x: Tensor, filters: int, channels: int, spectral_norm: bool = False
) -> Tensor:
    """Five 4x4 convolutions of stride 2 and padding 1, LeakyReLU 0.2 between.

    The last one works in float32 under every dtype policy.

    Args:
        x: Symbolic input, shape `(batch, height, width, any)`.
        filters: Filters of the first convolution, doubled three times.
        channels: Channels of the result.
        spectral_norm: Whether every convolution keeps a spectral norm of 1. Defaults
            to `False`.

    Returns:
        The symbolic result, shape `(batch, height / 32, width / 32, channels)`.
    """

    def convolution(x, filters, name, **kwargs):
        # Padding 1 on every side, as published; "same" pads odd sizes otherwise.
        x = layers.ZeroPadding2D(1, "channels_last", name=f"{name}_pad")(x)
        layer = layers.Conv2D(
            filters,
            4,
            strides=2,
            data_format="channels_last",
            kernel_initializer=keras.initializers.get(INITIALIZER),
            name=name,
            **kwargs,
        )
        if spectral_norm:
            # float32: the norm is written back into the kernel, which half precision
            # would round at every step, to the loss of what the optimizer added.
            layer = layers.SpectralNormalization(layer, dtype="float32", name=name)
        return layer(x)

    for i in range(4):
        x = convolution(x, filters * 2**i, f"conv{i + 1}")
        x = LeanLeakyReLU(0.2, name=f"leaky_relu{i + 1}")(x)
    return convolution(x, channels, "classifier", dtype="float32")
