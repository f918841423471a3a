"""The compared methods: one file or folder each."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.methods.fda import fda
    from keras_pixda.methods.fine_tuning import fine_tuning
    from keras_pixda.methods.fsda.fsda import fsda
    from keras_pixda.methods.fsda.fsda_model import FSDAModel
    from keras_pixda.methods.joint_training.joint_model import JointModel
    from keras_pixda.methods.joint_training.joint_training import joint_training
    from keras_pixda.methods.naae.naae import naae
    from keras_pixda.methods.naae.naae_model import NAAEModel
    from keras_pixda.methods.pixda.pixda import pixda
    from keras_pixda.methods.pixda.pixda_model import PixDAModel
    from keras_pixda.methods.source_only import source_only

__all__ = [
    "FSDAModel",
    "JointModel",
    "NAAEModel",
    "PixDAModel",
    "fda",
    "fine_tuning",
    "fsda",
    "joint_training",
    "naae",
    "pixda",
    "source_only",
]

LazyRoom.open(__name__)
