"""EfficientNet-Lite as a segmenter, with its ImageNet weights if wanted."""

import keras

from keras_pixda.models.efficientnet_lite import efficientnet_lite
from keras_pixda.models.pyramid_segmenter import pyramid_segmenter
from keras_pixda.weights.load_efficientnet_lite import load_efficientnet_lite


def efficientnet_lite_segmenter(
    num_classes: int,
    variant: int = 0,
    width: int = 64,
    auxiliary_head: bool = False,
    weights: str | None = None,
) -> keras.Model:
    """The `pyramid_segmenter` on an `efficientnet_lite`.

    Example:

    ```python
    from keras_pixda.weights import efficientnet_lite_segmenter

    segmenter = efficientnet_lite_segmenter(num_classes=11)
    assert segmenter.output_shape == (None, None, None, 11)
    ```

    Args:
        num_classes: Number of classes.
        variant: 0, 1 or 2, from the smallest to the largest. Defaults to 0.
        width: Filters of the pyramid. Defaults to 64.
        auxiliary_head: Whether to give back an auxiliary head as well; outputs are then
            `[auxiliary, main]`. Defaults to `False`.
        weights: `"imagenet"` for a pretrained backbone, see
            `keras_pixda.weights.load_efficientnet_lite`. Defaults to `None`: random.

    Returns:
        A `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255, to logits
        `(batch, height, width, num_classes)`, float32.

    Raises:
        ImportError: If the weights are not installed; the message says how to.
        ValueError: If `variant` or `weights` is none that there is.
    """
    if weights not in (None, "imagenet"):
        raise ValueError(f'weights must be None or "imagenet", received {weights!r}.')
    backbone = efficientnet_lite(variant)
    if weights:
        load_efficientnet_lite(backbone)
    name = f"efficientnet_lite{variant}_segmenter"
    return pyramid_segmenter(backbone, num_classes, width, auxiliary_head, name)
