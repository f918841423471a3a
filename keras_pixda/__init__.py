"""Few-shot domain adaptation for semantic segmentation (PixDA) on Keras 3."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom
from keras_pixda.registration import register_with_keras

if TYPE_CHECKING:
    from keras_pixda import callbacks as callbacks
    from keras_pixda import comparison as comparison
    from keras_pixda import datasets as datasets
    from keras_pixda import layers as layers
    from keras_pixda import losses as losses
    from keras_pixda import methods as methods
    from keras_pixda import metrics as metrics
    from keras_pixda import models as models
    from keras_pixda import optimizers as optimizers
    from keras_pixda import runs as runs
    from keras_pixda import serving as serving
    from keras_pixda import toy_scenes as toy_scenes
    from keras_pixda import training as training
    from keras_pixda import visualization as visualization
    from keras_pixda import weights as weights
    from keras_pixda.callbacks import PerClassIoU, SampleSelection
    from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset
    from keras_pixda.layers import FourierStyleTransfer
    from keras_pixda.losses import FocalLoss, PixAdvLoss
    from keras_pixda.methods import PixDAModel
    from keras_pixda.metrics import ClassIoU
    from keras_pixda.optimizers import published_optimizers

__version__ = "0.2.0"

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
