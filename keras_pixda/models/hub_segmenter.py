"""Presets of keras-hub as segmenters."""

import keras
from keras import layers

from keras_pixda.models.backbone_features import backbone_features
from keras_pixda.models.pyramid_segmenter import pyramid_segmenter


def hub_segmenter(
    num_classes: int, preset: str, width: int = 64, pretrained: bool = False
) -> keras.Model:
    """A segmenter of keras-hub, or the `pyramid_segmenter` on a backbone of it.

    Presets of DeepLabV3 and SegFormer keep their decoder, with a new classifier; other
    presets are backbones. The normalisation that the preset declares goes inside.

    Example:

    ```python
    import tempfile
    import keras_hub
    from keras_pixda.models import hub_segmenter

    # A toy; for a published one, preset="resnet_18_imagenet".
    backbone = keras_hub.models.ResNetBackbone(
        [64], [7], [64, 8, 8, 8], [1, 1, 1, 1], [1, 2, 2, 2], "basic_block"
    )
    with tempfile.TemporaryDirectory() as preset:
        backbone.save_to_preset(preset)
        segmenter = hub_segmenter(num_classes=5, preset=preset, width=8)
    assert segmenter.output_shape == (None, None, None, 5)
    ```

    Args:
        num_classes: Number of classes.
        preset: Its name in keras-hub, or a folder of `save_to_preset`. keras-hub
            downloads what its cache does not hold, of a preset without its weights the
            configuration.
        width: Filters of the pyramid. Defaults to 64.
        pretrained: Whether with the weights of the preset. Defaults to `False`: random.

    Returns:
        A `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255, to logits
        `(batch, height, width, num_classes)`.

    Raises:
        ImportError: If keras-hub is not installed.
        ValueError: If there is no such preset, it cannot be had, or it is no network of
            images with feature maps.
    """
    try:
        import keras_hub
    except ImportError as error:
        raise ImportError(
            f"segmenter is 'hub:{preset}', built by keras-hub: pip install keras-hub."
        ) from error
    backbone = _had(preset, keras_hub.models.Backbone, load_weights=pretrained)
    images = keras.Input(backbone.input_shape[1:], name="images")
    x = _normalised(images, preset, pretrained, keras_hub.layers.ImageConverter)
    for name in ("DeepLabV3", "SegFormer"):
        if isinstance(backbone, getattr(keras_hub.models, f"{name}Backbone")):
            whole = getattr(keras_hub.models, f"{name}ImageSegmenter")
            logits = whole(backbone, num_classes)(x)
            return keras.Model(images, logits, name=f"{name.lower()}_segmenter")
    features = keras.Model(
        backbone.inputs, [*backbone_features(backbone).values()], name=backbone.name
    )
    return pyramid_segmenter(
        keras.Model(images, features(x)),
        num_classes,
        width,
        name=f"{backbone.name}_segmenter",
    )


def _had(preset, kind, **arguments):
    """What keras-hub makes of a preset."""
    try:
        return kind.from_preset(preset, **arguments)
    except Exception as error:  # Of a download, of a file, of a name.
        reason = " ".join(str(error).split())
        raise ValueError(
            f"The preset {preset!r} of keras-hub cannot be had: {reason}. A folder "
            "that save_to_preset has written elsewhere serves as well: hub:FOLDER."
        ) from error


def _normalised(images, preset, pretrained, kind):
    """Symbolic images as the preset expects them."""
    try:
        converter = kind.from_preset(preset)
    except Exception as error:
        if pretrained:
            raise ValueError(
                f"The preset {preset!r} of keras-hub does not say how its images are "
                "normalised: save it with its ImageConverter."
            ) from error
        # Random weights take any.
        return layers.Rescaling(1 / 127.5, -1.0, dtype="float32")(images)
    scale = 1.0 if converter.scale is None else converter.scale
    offset = 0.0 if converter.offset is None else converter.offset
    return layers.Rescaling(scale, offset, dtype="float32", name="normalise")(images)
