"""Weights from elsewhere: published PyTorch checkpoints."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.weights.efficientnet_lite_segmenter import (
        efficientnet_lite_segmenter,
    )
    from keras_pixda.weights.load_efficientnet_lite import load_efficientnet_lite
    from keras_pixda.weights.load_pytorch import load_pytorch
    from keras_pixda.weights.save_pytorch import save_pytorch

__all__ = [
    "efficientnet_lite_segmenter",
    "load_efficientnet_lite",
    "load_pytorch",
    "save_pytorch",
]

# Where 0.1 had it.
MOVED = {"load_imagenet": "keras_pixda.models"}

LazyRoom.open(__name__, MOVED)
