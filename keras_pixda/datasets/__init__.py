"""Data sets as records of facts, one reader, and batches for `fit`."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.datasets.augmentation import augmentation
    from keras_pixda.datasets.camvid import camvid
    from keras_pixda.datasets.check import check
    from keras_pixda.datasets.cityscapes import cityscapes
    from keras_pixda.datasets.class_pixels import class_pixels
    from keras_pixda.datasets.cut_into_cities import cut_into_cities
    from keras_pixda.datasets.cut_mix import cut_mix
    from keras_pixda.datasets.data_check import DataCheck
    from keras_pixda.datasets.data_error import DataError, Finding
    from keras_pixda.datasets.distribute import distribute, distribute_evaluation
    from keras_pixda.datasets.few_shot_domain_dataset import FewShotDomainDataset
    from keras_pixda.datasets.find_dataset import find_dataset
    from keras_pixda.datasets.folder import folder
    from keras_pixda.datasets.gta5 import gta5
    from keras_pixda.datasets.idda import idda
    from keras_pixda.datasets.images import images
    from keras_pixda.datasets.load import load
    from keras_pixda.datasets.named_dataset import NamedDataset
    from keras_pixda.datasets.pair_cache import PairCache
    from keras_pixda.datasets.part_of import part_of
    from keras_pixda.datasets.reader import read_image, read_mask, read_pair
    from keras_pixda.datasets.registry import DATASETS
    from keras_pixda.datasets.segmentation_dataset import SegmentationDataset
    from keras_pixda.datasets.segmentation_record import SegmentationRecord
    from keras_pixda.datasets.synthia import synthia

__all__ = [
    "DATASETS",
    "DataCheck",
    "DataError",
    "FewShotDomainDataset",
    "Finding",
    "NamedDataset",
    "PairCache",
    "SegmentationDataset",
    "SegmentationRecord",
    "augmentation",
    "camvid",
    "check",
    "cityscapes",
    "class_pixels",
    "cut_into_cities",
    "cut_mix",
    "distribute",
    "distribute_evaluation",
    "find_dataset",
    "folder",
    "gta5",
    "idda",
    "images",
    "load",
    "part_of",
    "read_image",
    "read_mask",
    "read_pair",
    "synthia",
]

# Where 0.1 had them.
MOVED = {
    "draw_scene": "keras_pixda.toy_scenes",
    "toy_scenes": "keras_pixda.toy_scenes",
}

LazyRoom.open(__name__, MOVED)
