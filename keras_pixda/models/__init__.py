"""Models: what adapts, what judges, and segmenters to start from."""

from keras_pixda.models.deeplab_v2 import deeplab_v2
from keras_pixda.models.distillation import DistillationModel
from keras_pixda.models.few_shot_model import FewShotModel
from keras_pixda.models.fsda import FSDAModel
from keras_pixda.models.image_discriminator import image_discriminator
from keras_pixda.models.joint import JointModel
from keras_pixda.models.naae import NAAEModel
from keras_pixda.models.pair_discriminator import pair_discriminator
from keras_pixda.models.pixda import PixDAModel
from keras_pixda.models.pixel_discriminator import pixel_discriminator
from keras_pixda.models.selection_state import SelectionState
from keras_pixda.models.small_segmenter import small_segmenter

__all__ = [
    "DistillationModel",
    "FSDAModel",
    "FewShotModel",
    "JointModel",
    "NAAEModel",
    "PixDAModel",
    "SelectionState",
    "deeplab_v2",
    "image_discriminator",
    "pair_discriminator",
    "pixel_discriminator",
    "small_segmenter",
]
