"""Few-shot domain adaptation for semantic segmentation (PixDA) on Keras 3."""

from keras_pixda.models import PixDAModel

__all__ = ["PixDAModel"]
