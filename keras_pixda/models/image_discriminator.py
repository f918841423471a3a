"""The discriminator that judges whole images."""

import keras
from keras import layers

from keras_pixda.models.pixel_discriminator import INITIALIZER


def image_discriminator(num_classes, filters=64, name="image_discriminator"):
    """Discriminator of whole predictions: a coarse map of domain logits, 1/32 of size.

    Five 4x4 convolutions of stride 2 and padding 1, LeakyReLU 0.2 between. It never
    trains the segmenter; sample selection asks it which source images pass for target
    ones. The classifier works in float32 under every dtype policy.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import image_discriminator

    discriminator = image_discriminator(num_classes=19)
    probabilities = np.full((1, 64, 128, 19), 1 / 19, dtype="float32")
    discriminator(probabilities).shape  # (1, 2, 4, 1)
    ```

    Args:
        num_classes: Channels of the input, the segmenter's softmax.
        filters: Filters of the first convolution, doubled three times. Defaults to 64.
        name: Name of the model. Defaults to `"image_discriminator"`.

    Returns:
        A `keras.Model` from probabilities `(batch, height, width, num_classes)`, at
        least 32 pixels a side, to logits `(batch, height / 32, width / 32, 1)`; the
        domain labels are source 0, target 1.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def convolution(x, filters, name, **kwargs):
        # Padding 1 on every side, as published; "same" pads odd sizes otherwise.
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
        return layers.Conv2D(
            filters,
            4,
            strides=2,
            kernel_initializer=keras.initializers.get(INITIALIZER),
            name=name,
            **kwargs,
        )(x)

    inputs = keras.Input((None, None, num_classes), name="probabilities")
    x = inputs
    for i in range(4):
        x = convolution(x, filters * 2**i, f"conv{i + 1}")
        x = layers.LeakyReLU(0.2, name=f"leaky_relu{i + 1}")(x)
    logits = convolution(x, 1, "classifier", dtype="float32")
    return keras.Model(inputs, logits, name=name)
