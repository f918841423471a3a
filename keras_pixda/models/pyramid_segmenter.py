"""A light feature pyramid as the head of any backbone."""

import keras
from keras import layers

from keras_pixda.layers import resized_like
from keras_pixda.models.backbone_features import backbone_features

# Where the auxiliary head looks.
AUXILIARY_STRIDE = 16


def pyramid_segmenter(
    backbone: keras.Model,
    num_classes: int,
    width: int = 64,
    auxiliary_head: bool = False,
    name: str = "pyramid_segmenter",
) -> keras.Model:
    """A segmenter from a backbone: a feature pyramid of few filters, and a classifier.

    From the deepest map on, each is resized to the next finer one, added to a
    projection of it, and convolved; the logits are those of the map at stride 4,
    resized to the image with aligned corners. All that is added to the backbone is
    called `head...`, which the optimizers give the rate of the head. The layers are
    Keras's own, and those of the backbone, which is trained with the segmenter.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import efficientnet_lite, pyramid_segmenter

    # A toy; efficientnet_lite(0) is the published network.
    backbone = efficientnet_lite(0, width_factor=0.1, depth_factor=0.1)
    segmenter = pyramid_segmenter(backbone, num_classes=5, width=8)
    images = np.zeros((1, 32, 48, 3), dtype="uint8")
    assert segmenter(images).shape == (1, 32, 48, 5)
    ```

    Args:
        backbone: A functional `keras.Model` of RGB images of any size, which normalises
            them itself and has feature maps at the strides 4, 8, 16 and 32: as outputs,
            as `pyramid_outputs` of keras-hub, or inside, as in keras.applications
            without top.
        num_classes: Number of classes.
        width: Filters of the pyramid. Defaults to 64.
        auxiliary_head: Whether to give back a head on the backbone's map at stride 16
            as well, which methods with two prediction levels train: outputs are then
            `[auxiliary, main]`. Defaults to `False`.
        name: Name of the model. Defaults to `"pyramid_segmenter"`.

    Returns:
        A `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255, to logits
        `(batch, height, width, num_classes)`, float32.

    Raises:
        ValueError: If the backbone has a fixed size, its channels first, or lacks one
            of the maps.

    Reference:
        Lin et al., [Feature Pyramid Networks for Object
        Detection](https://arxiv.org/abs/1612.03144), CVPR 2017.
    """
    features = backbone_features(backbone)
    [images] = backbone.inputs

    def convolution(x, filters, size, name, **options):
        return layers.Conv2D(
            filters,
            size,
            padding="same",
            data_format="channels_last",
            name=name,
            **options,
        )(x)

    def logits(x, head, name):
        x = convolution(x, num_classes, 1, head, dtype="float32")
        return resized_like(x, images, name, dtype="float32")

    strides = sorted(features, reverse=True)
    x = convolution(features[strides[0]], width, 1, f"head_lateral{strides[0]}")
    for stride in strides[1:]:
        lateral = convolution(features[stride], width, 1, f"head_lateral{stride}")
        x = resized_like(x, lateral, f"head_resize{stride}")
        x = layers.Add(name=f"head_add{stride}")((x, lateral))
        x = convolution(
            x,
            width,
            3,
            f"head_conv{stride}",
            use_bias=False,
            kernel_initializer="he_normal",
        )
        x = layers.BatchNormalization(momentum=0.9, name=f"head_bn{stride}")(x)
        x = layers.ReLU(name=f"head_relu{stride}")(x)
    outputs = [logits(x, "head", "logits")]
    if auxiliary_head:
        # Made last, so that one seed gives all other weights their usual values.
        middle = features[AUXILIARY_STRIDE]
        outputs.insert(0, logits(middle, "auxiliary_head", "auxiliary_logits"))
    return keras.Model(images, outputs if auxiliary_head else outputs[0], name=name)
