"""The compared methods: one file or folder each."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.methods.adapt import adapt
    from keras_pixda.methods.fda import FDA, FDASettings
    from keras_pixda.methods.fine_tuning import FineTuning
    from keras_pixda.methods.fsda.fsda import FSDA
    from keras_pixda.methods.fsda.fsda_model import FSDAModel
    from keras_pixda.methods.fsda.fsda_settings import FSDASettings
    from keras_pixda.methods.joint_training.joint_model import JointModel
    from keras_pixda.methods.joint_training.joint_training import JointTraining
    from keras_pixda.methods.method import Method
    from keras_pixda.methods.method_settings import MethodSettings
    from keras_pixda.methods.naae.naae import NAAE
    from keras_pixda.methods.naae.naae_model import NAAEModel
    from keras_pixda.methods.naae.naae_settings import NAAESettings
    from keras_pixda.methods.phase import Phase
    from keras_pixda.methods.pixda.pixda import PixDA
    from keras_pixda.methods.pixda.pixda_model import PixDAModel
    from keras_pixda.methods.pixda.pixda_settings import PixDASettings
    from keras_pixda.methods.pixda_plus import PixDAPlus, PixDAPlusSettings
    from keras_pixda.methods.registry import METHODS
    from keras_pixda.methods.self_training.self_training import SelfTraining
    from keras_pixda.methods.self_training.self_training_model import SelfTrainingModel
    from keras_pixda.methods.self_training.self_training_settings import (
        SelfTrainingSettings,
    )
    from keras_pixda.methods.source_only import SourceOnly
    from keras_pixda.methods.variant import Variant

__all__ = [
    "FDA",
    "FSDA",
    "METHODS",
    "NAAE",
    "FDASettings",
    "FSDAModel",
    "FSDASettings",
    "FineTuning",
    "JointModel",
    "JointTraining",
    "Method",
    "MethodSettings",
    "NAAEModel",
    "NAAESettings",
    "Phase",
    "PixDA",
    "PixDAModel",
    "PixDAPlus",
    "PixDAPlusSettings",
    "PixDASettings",
    "SelfTraining",
    "SelfTrainingModel",
    "SelfTrainingSettings",
    "SourceOnly",
    "Variant",
    "adapt",
]

LazyRoom.open(__name__)
