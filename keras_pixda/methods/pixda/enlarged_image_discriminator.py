"""The discriminator of PixDA with an image-wise loss."""

import keras

from keras_pixda.layers import AlignedResize
from keras_pixda.models.image_discriminator import image_discriminator


def enlarged_image_discriminator(num_classes: int, filters: int = 64) -> keras.Model:
    """An image discriminator whose answers cover the pixels, to train against.

    Example:

    ```python
    from keras_pixda.methods.pixda.enlarged_image_discriminator import (
        enlarged_image_discriminator,
    )

    discriminator = enlarged_image_discriminator(num_classes=19, filters=4)
    assert discriminator.output_shape == (None, None, None, 1)
    ```

    Args:
        num_classes: Channels of the input, the segmenter's softmax.
        filters: Filters of the first convolution. Defaults to 64.

    Returns:
        A `keras.Model` from softmax maps `(batch, height, width, num_classes)` to one
        domain logit a pixel, `(batch, height, width, 1)`.
    """
    inputs = keras.Input((None, None, num_classes), name="probabilities")
    logits = image_discriminator(num_classes, filters, name="trunk")(inputs)
    logits = AlignedResize(dtype="float32", name="enlarge")((logits, inputs))
    return keras.Model(inputs, logits, name="enlarged_image_discriminator")
