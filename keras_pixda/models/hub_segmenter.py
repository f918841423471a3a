"""Presets of keras-hub as segmenters."""

import importlib.metadata
import os

import keras
from keras import layers

from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.models.any_size_dinov2 import any_size_dinov2
from keras_pixda.models.any_size_mit import any_size_mit
from keras_pixda.models.any_size_segformer import any_size_segformer
from keras_pixda.models.backbone_features import backbone_features
from keras_pixda.models.pyramid_segmenter import pyramid_segmenter
from keras_pixda.plain_reason import plain_reason


def hub_segmenter(
    num_classes: int, preset: str, width: int = 64, pretrained: bool = False
) -> keras.Model:
    """A segmenter of keras-hub, or the `pyramid_segmenter` on a backbone of it.

    Presets of DeepLabV3 and SegFormer keep their decoder, with a new classifier; other
    presets are backbones. The normalisation that the preset declares goes inside. MiT,
    SegFormer and DINOv2, which keras-hub builds for squares of one size, take images of
    any here, see `any_size_mit`, `any_size_segformer` and `any_size_dinov2`.

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
        ImportError: If keras-hub is not installed or cannot be loaded.
        ValueError: If there is no such preset, it cannot be had, or it is no network of
            images with feature maps.
    """
    try:
        import keras_hub
    except ImportError as error:
        raise ImportError(
            f"segmenter is 'hub:{preset}', built by keras-hub: pip install keras-hub."
        ) from error
    except Exception as error:  # Of TensorFlow, by a library made for another one.
        version = importlib.metadata.version("tensorflow").rpartition(".")[0]
        raise ImportError(
            f"segmenter is 'hub:{preset}', and keras-hub cannot be loaded. Its "
            f"tensorflow-text must be of TensorFlow's version: "
            f"pip install 'tensorflow-text=={version}.*'. {plain_reason(error)}"
        ) from error
    models = keras_hub.models
    backbone = _had(preset, models, load_weights=pretrained)
    images = keras.Input((None, None, 3), name="images")
    x = _normalised(images, preset, pretrained, keras_hub.layers.ImageConverter)
    try:
        if isinstance(backbone, models.DeepLabV3Backbone):
            whole = models.DeepLabV3ImageSegmenter(backbone, num_classes)
            return keras.Model(images, whole(x), name="deeplabv3_segmenter")
        if isinstance(backbone, models.SegFormerBackbone):
            whole = any_size_segformer(backbone, num_classes)
            return keras.Model(images, whole(x), name=whole.name)
        features = _features(backbone, models)
    except AttributeError as error:
        raise ValueError(
            f"The preset {preset!r}: keras-hub {keras_hub.__version__} makes it of "
            f"other parts than its version 0.32, which keras_pixda knows: {error}"
        ) from error
    except ValueError as error:
        raise ValueError(
            f"The preset {preset!r} of keras-hub is no network of images of any size "
            f"with feature maps: {plain_reason(error)}. Those of MiT, SegFormer, "
            "DINOv2, DeepLabV3, ResNet and EfficientNet are, for instance."
        ) from error
    return pyramid_segmenter(
        keras.Model(images, features(x)),
        num_classes,
        width,
        name=f"{backbone.name}_segmenter",
    )


def _features(backbone, models):
    """A model of normalised images to maps at the strides that a pyramid needs."""
    if isinstance(backbone, models.MiTBackbone):
        return any_size_mit(backbone)
    if isinstance(backbone, models.DINOV2Backbone):
        return any_size_dinov2(backbone)
    features = backbone_features(backbone)
    return keras.Model(backbone.inputs, [*features.values()], name=backbone.name)


def _had(preset, models, **arguments):
    """What keras-hub makes of a preset."""
    try:
        return models.Backbone.from_preset(preset, **arguments)
    except Exception as error:  # Of a download, of a file, of a name.
        known = {**models.Backbone.presets, **models.ImageSegmenter.presets}
        given = preset in known or "://" in preset or os.path.exists(preset)
        if not given:
            raise ValueError(
                f"The preset {preset!r} is neither one of keras-hub nor a folder that "
                f"save_to_preset has written{did_you_mean(preset, known)}"
            ) from error
        about = known.get(preset, {})
        numbers = about.get("metadata", {}).get("params", 0)
        size = f", about {4 * numbers / 1e6:.0f} MB" if numbers else ""
        raise ValueError(
            f"The preset {preset!r} of keras-hub ({about.get('kaggle_handle', preset)}"
            f"{size}) cannot be had: {plain_reason(error)}. Where it can be, "
            f"keras_hub.models.Backbone.from_preset({preset!r})"
            ".save_to_preset('FOLDER'); then --segmenter hub:FOLDER here."
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
