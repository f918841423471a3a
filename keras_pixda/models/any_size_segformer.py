"""The SegFormer of keras-hub for images of any size."""

import keras
from keras import layers

from keras_pixda.layers import resized_like
from keras_pixda.models.any_size_mit import any_size_mit
from keras_pixda.models.layer_copies import LayerCopies

# Of keras-hub's segmenter, which has it nowhere else.
DROPOUT = 0.1


def any_size_segformer(segformer: keras.Model, num_classes: int) -> keras.Model:
    """The same SegFormer and weights for images of any size, with a new classifier.

    What keras-hub builds takes squares of one size: its MiT does, see `any_size_mit`,
    and its decoder resizes to numbers of pixels. Here the decoder resizes to the
    finest map, and the logits to the image. All of it is called `head...`, which the
    optimizers give the rate of the head.

    Example:

    ```python
    import keras_hub
    import numpy as np
    from keras_pixda.models.any_size_segformer import any_size_segformer

    mit = keras_hub.models.MiTBackbone(
        image_shape=(64, 64, 3), num_layers=4, hidden_dims=[2, 4, 6, 8],
        layerwise_depths=[1, 1, 1, 1], layerwise_num_heads=[1, 1, 1, 1],
        layerwise_sr_ratios=[2, 1, 1, 1], layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2], max_drop_path_rate=0.1,
    )
    backbone = keras_hub.models.SegFormerBackbone(mit, projection_filters=8)
    segmenter = any_size_segformer(backbone, num_classes=5)
    assert segmenter(np.zeros((1, 45, 67, 3))).shape == (1, 45, 67, 5)
    ```

    Args:
        segformer: A `keras_hub.models.SegFormerBackbone`.
        num_classes: Number of classes.

    Returns:
        A `keras.Model` from images `(batch, height, width, 3)`, normalised, to logits
        `(batch, height, width, num_classes)`, float32.

    Raises:
        AttributeError: If keras-hub's layers have other parts than those of its version
            0.32.
    """
    encoder = any_size_mit(segformer.image_encoder)
    finest, *_ = maps = encoder.outputs
    [images] = encoder.inputs
    filters = segformer.projection_filters
    projected, copies = [], LayerCopies()
    for number, (x, old) in enumerate(zip(maps, segformer.mlp_blocks, strict=True)):
        layer = layers.Dense(filters, name=f"head_linear{number}")
        x = copies.give(layer, old.get_weights())(x)
        if number:
            x = resized_like(x, finest, f"head_resize{number}", half_pixels=True)
        projected.append(x)
    x = layers.Concatenate(name="head_concatenate")(projected[::-1])
    for old, name in zip(
        segformer.linear_fuse.layers, ("head_fuse", "head_bn", "head_relu"), strict=True
    ):
        x = copies.of(old, name)(x)
    x = layers.Dropout(DROPOUT, name="head_dropout")(x)
    x = layers.Conv2D(num_classes, 1, dtype="float32", name="head")(x)
    logits = resized_like(x, images, "logits", dtype="float32", half_pixels=True)
    copies.fill()
    return keras.Model(images, logits, name="segformer_segmenter")
