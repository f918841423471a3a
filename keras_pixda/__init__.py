"""Few-shot domain adaptation for semantic segmentation (PixDA) on Keras 3."""

from keras_pixda.callbacks import PerClassIoU, SampleSelection
from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset
from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.losses import FocalLoss, PixAdvLoss
from keras_pixda.metrics import ClassIoU
from keras_pixda.models import PixDAModel
from keras_pixda.optimizers import published_optimizers

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
