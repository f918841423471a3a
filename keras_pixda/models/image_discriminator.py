"""The discriminator that judges whole images."""

import keras

from keras_pixda.models.discriminator_trunk import discriminator_trunk


def image_discriminator(
    num_classes: int,
    filters: int = 64,
    spectral_norm: bool = False,
    name: str = "image_discriminator",
) -> keras.Model:
    """Discriminator of whole predictions: a coarse map of domain logits, 1/32 of size.

    Five 4x4 convolutions of stride 2 and padding 1, LeakyReLU 0.2 between. In PixDA it
    never trains the segmenter; sample selection asks it which source images pass for
    target ones. FSDA's keeps a spectral norm of 1 and does train the segmenter. The
    classifier works in float32 under every dtype policy.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import image_discriminator

    discriminator = image_discriminator(num_classes=19, filters=8)
    probabilities = np.full((1, 64, 128, 19), 1 / 19, dtype="float32")
    assert discriminator(probabilities).shape == (1, 2, 4, 1)
    ```

    Args:
        num_classes: Channels of the input, the segmenter's softmax.
        filters: Filters of the first convolution, doubled three times. Defaults to 64.
        spectral_norm: Whether every convolution keeps a spectral norm of 1. Defaults
            to `False`.
        name: Name of the model. Defaults to `"image_discriminator"`.

    Returns:
        A `keras.Model` from probabilities `(batch, height, width, num_classes)`, at
        least 32 pixels a side, to logits `(batch, height / 32, width / 32, 1)`; the
        domain labels of PixDA are source 0, target 1.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """
    inputs = keras.Input((None, None, num_classes), name="probabilities")
    logits = discriminator_trunk(inputs, filters, 1, spectral_norm)
    return keras.Model(inputs, logits, name=name)
