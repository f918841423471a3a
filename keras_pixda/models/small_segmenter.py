"""A segmenter small enough to train from scratch on a CPU."""

import keras
from keras import layers

from keras_pixda.layers import resized_like


def small_segmenter(
    num_classes: int,
    filters: int = 24,
    auxiliary_head: bool = False,
    name: str = "small_segmenter",
) -> keras.Model:
    """A small U-shaped segmenter that trains from scratch on a CPU in minutes.

    The stem and four stages halve the resolution to 1/16, the way back adds the encoder
    maps, and the head answers at half resolution, resized to the image.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter

    segmenter = small_segmenter(num_classes=11, filters=8)
    images = np.zeros((1, 48, 64, 3), dtype="uint8")
    assert segmenter(images).shape == (1, 48, 64, 11)
    ```

    Args:
        num_classes: Number of classes.
        filters: Filters at half resolution; deeper stages have more. Defaults to 24.
        auxiliary_head: Whether to give back a head at quarter resolution as well, which
            methods with two prediction levels train: outputs are then
            `[auxiliary, main]`. Defaults to `False`.
        name: Name of the model. Defaults to `"small_segmenter"`.

    Returns:
        A `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255, any size,
        to logits `(batch, height, width, num_classes)`, float32.
    """
    # === Layers ===

    def block(x, filters, name, stride=1):
        x = layers.Conv2D(
            filters,
            3,
            strides=stride,
            padding="same",
            data_format="channels_last",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_conv",
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    def projection(x, filters, name, **options):
        return layers.Conv2D(
            filters, 1, data_format="channels_last", name=name, **options
        )(x)

    def head(x, name, logits_name):
        x = projection(x, num_classes, name, dtype="float32")
        return resized_like(x, images, logits_name, dtype="float32")

    # === Functional model ===

    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 64, offset=-2.0, dtype="float32", name="rescale")(images)
    x = block(x, filters, "stem", stride=2)
    skips = []
    for i, width in enumerate((2, 3, 4), start=1):
        skips.append(x)
        x = block(x, width * filters, f"down{i}", stride=2)
        x = block(x, width * filters, f"down{i}_more")
    for i, skip in reversed(list(enumerate(skips, start=1))):
        x = projection(x, skip.shape[-1], f"up{i}_project")
        x = resized_like(x, skip, f"up{i}_resize")
        x = layers.Add(name=f"up{i}_add")((x, skip))
        x = block(x, skip.shape[-1], f"up{i}")
        if i == 2:
            middle = x
    outputs = [head(x, "head", "logits")]
    if auxiliary_head:
        # Made last, so that one seed gives all other weights their usual values.
        outputs.insert(0, head(middle, "auxiliary_head", "auxiliary_logits"))
    return keras.Model(images, outputs if auxiliary_head else outputs[0], name=name)
