"""Few-shot domain adaptation for semantic segmentation (PixDA) on Keras 3."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom
from keras_pixda.registration import register_with_keras

if TYPE_CHECKING:
    from keras_pixda.callbacks import PerClassIoU, SampleSelection
    from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset
    from keras_pixda.layers import FourierStyleTransfer
    from keras_pixda.losses import FocalLoss, PixAdvLoss
    from keras_pixda.methods import PixDAModel
    from keras_pixda.metrics import ClassIoU
    from keras_pixda.optimizers import published_optimizers

__version__ = "0.1.0"

__all__ = [
    "ClassIoU",
    "FewShotDomainDataset",
    "FocalLoss",
    "FourierStyleTransfer",
    "PerClassIoU",
    "PixAdvLoss",
    "PixDAModel",
    "SampleSelection",
    "SegmentationDataset",
    "published_optimizers",
]

LazyRoom.open(__name__)
register_with_keras()
