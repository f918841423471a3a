"""The segmenters that can be asked for by name; read without Keras."""

from keras_pixda.models.named_segmenter import NamedSegmenter


def _deeplab_v2_sizes(segmenter):
    ends = [layer.name for layer in segmenter.layers if layer.name.endswith("_add")]
    return {
        "filters": segmenter.get_layer("conv1").filters,
        "blocks": tuple(
            sum(name.startswith(f"layer{stage}_") for name in ends)
            for stage in (1, 2, 3, 4)
        ),
    }


def _efficientnet_lite(variant, last_block, filters):
    def sizes(segmenter):
        last = segmenter.get_layer(f"block{last_block}_project_conv")
        if last.filters != filters:
            raise ValueError("another variant")
        return {"width": segmenter.get_layer("head_lateral4").filters}

    return NamedSegmenter(
        title=f"EfficientNet-Lite{variant}",
        about="pretrained on ImageNet, with a light pyramid head",
        builder="keras_pixda.weights.efficientnet_lite_segmenter:"
        "efficientnet_lite_segmenter",
        auxiliary_head=True,
        sizes=sizes,
        arguments={"variant": variant},
        pretrained={"weights": "imagenet"},
    )


# A network is added by its file and its declaration here; one from outside the package
# by `SEGMENTERS["mine"] = NamedSegmenter(...)`.
SEGMENTERS = {
    "small": NamedSegmenter(
        title="Small",
        about="trains from scratch on a CPU in minutes",
        builder="keras_pixda.models.small_segmenter:small_segmenter",
        auxiliary_head=True,
        sizes=lambda segmenter: {"filters": segmenter.get_layer("stem_conv").filters},
    ),
    "deeplab_v2": NamedSegmenter(
        title="DeepLabV2",
        about="on ResNet-101, the network of the published results",
        builder="keras_pixda.models.deeplab_v2:deeplab_v2",
        auxiliary_head=True,
        sizes=_deeplab_v2_sizes,
        pretrained={"weights": "imagenet"},
        downloads=True,
    ),
    "efficientnet_lite0": _efficientnet_lite(0, 15, 320),
    "efficientnet_lite1": _efficientnet_lite(1, 20, 320),
    "efficientnet_lite2": _efficientnet_lite(2, 20, 352),
}


def _applications(name):
    return NamedSegmenter(
        title=name,
        about="of keras.applications, with a light pyramid head",
        builder="keras_pixda.models.applications_segmenter:applications_segmenter",
        auxiliary_head=True,
        arguments={"backbone": name},
        pretrained={"weights": "imagenet"},
        downloads=True,
    )


def _hub(preset):
    return NamedSegmenter(
        title=preset,
        about="a preset of keras-hub",
        builder="keras_pixda.models.hub_segmenter:hub_segmenter",
        arguments={"preset": preset},
        pretrained={"pretrained": True},
        downloads=True,
    )


# Networks that are asked for as `FAMILY:NAME`.
FAMILIES = {"applications": _applications, "hub": _hub}
