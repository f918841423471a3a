"""Networks: segmenters to start from, and discriminators that judge their maps."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.models.applications_segmenter import applications_segmenter
    from keras_pixda.models.check_segmenter import check_segmenter
    from keras_pixda.models.deeplab_v2 import deeplab_v2
    from keras_pixda.models.efficientnet_lite import efficientnet_lite
    from keras_pixda.models.find_segmenter import find_segmenter
    from keras_pixda.models.hub_segmenter import hub_segmenter
    from keras_pixda.models.image_discriminator import image_discriminator
    from keras_pixda.models.load_imagenet import load_imagenet
    from keras_pixda.models.mix_weights import mix_weights
    from keras_pixda.models.named_segmenter import NamedSegmenter
    from keras_pixda.models.pair_discriminator import pair_discriminator
    from keras_pixda.models.pixel_discriminator import pixel_discriminator
    from keras_pixda.models.pyramid_segmenter import pyramid_segmenter
    from keras_pixda.models.segmenters import SEGMENTERS
    from keras_pixda.models.set_batch_normalization import set_batch_normalization
    from keras_pixda.models.small_segmenter import small_segmenter
    from keras_pixda.models.with_own_auxiliary_head import with_own_auxiliary_head

__all__ = [
    "NamedSegmenter",
    "SEGMENTERS",
    "applications_segmenter",
    "check_segmenter",
    "deeplab_v2",
    "efficientnet_lite",
    "find_segmenter",
    "hub_segmenter",
    "image_discriminator",
    "load_imagenet",
    "mix_weights",
    "pair_discriminator",
    "pixel_discriminator",
    "pyramid_segmenter",
    "set_batch_normalization",
    "small_segmenter",
    "with_own_auxiliary_head",
]

# Where 0.1 had them.
MOVED = {
    "DistillationModel": "keras_pixda.training:SupervisedModel",
    "FSDAModel": "keras_pixda.methods",
    "FewShotModel": "keras_pixda.training",
    "JointModel": "keras_pixda.methods",
    "NAAEModel": "keras_pixda.methods",
    "PixDAModel": "keras_pixda.methods",
    "SelectionState": "keras_pixda.callbacks",
}

LazyRoom.open(__name__, MOVED)
