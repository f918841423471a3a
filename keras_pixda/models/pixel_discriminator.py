"""The discriminator that judges every pixel."""

import keras

from keras_pixda.layers import DilatedConvolution, LeanLeakyReLU

# PyTorch's default initialisation of a convolution, which the published ones have.
INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1 / 3, "mode": "fan_in", "distribution": "uniform"},
}


@keras.saving.register_keras_serializable("keras_pixda")
class Conv2D(DilatedConvolution):
    """A `DilatedConvolution` by the class name that Keras files weights under.

    So weights saved from `keras.layers.Conv2D` load, and the other way round.
    """


def pixel_discriminator(
    num_classes: int, filters: int = 64, name: str = "pixel_discriminator"
) -> keras.Model:
    """Discriminator of PixDA: one domain logit for every pixel, at full size.

    Two 3x3 convolutions and a 1x1 classifier, LeakyReLU 0.2 between. The classifier
    works in float32 under every dtype policy.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import pixel_discriminator

    discriminator = pixel_discriminator(num_classes=19)
    probabilities = np.full((1, 32, 64, 19), 1 / 19, dtype="float32")
    assert discriminator(probabilities).shape == (1, 32, 64, 1)
    ```

    Args:
        num_classes: Channels of the input, the segmenter's softmax.
        filters: Filters of the first convolution, doubled in the second. Defaults
            to 64.
        name: Name of the model. Defaults to `"pixel_discriminator"`.

    Returns:
        A `keras.Model` from probabilities `(batch, height, width, num_classes)` to
        logits `(batch, height, width, 1)`; the domain labels are source 0, target 1.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def convolution(filters, size, name, **kwargs):
        return Conv2D(
            filters,
            size,
            data_format="channels_last",
            kernel_initializer=keras.initializers.get(INITIALIZER),
            name=name,
            **kwargs,
        )

    inputs = keras.Input((None, None, num_classes), name="probabilities")
    x = convolution(filters, 3, "conv1")(inputs)
    x = LeanLeakyReLU(0.2, name="leaky_relu1")(x)
    x = convolution(2 * filters, 3, "conv2")(x)
    x = LeanLeakyReLU(0.2, name="leaky_relu2")(x)
    logits = convolution(1, 1, "classifier", dtype="float32")(x)
    return keras.Model(inputs, logits, name=name)
