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
    ),
}
