"""The compared methods: one file each, one signature, a segmenter comes back."""

from keras_pixda.methods.fda import fda
from keras_pixda.methods.fine_tuning import fine_tuning
from keras_pixda.methods.fsda import fsda
from keras_pixda.methods.joint_training import joint_training
from keras_pixda.methods.naae import naae
from keras_pixda.methods.pixda import pixda
from keras_pixda.methods.source_only import source_only

__all__ = [
    "fda",
    "fine_tuning",
    "fsda",
    "joint_training",
    "naae",
    "pixda",
    "source_only",
]
