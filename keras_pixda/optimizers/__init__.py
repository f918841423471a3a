"""Optimizers of the published schedule."""

from keras_pixda.optimizers.bias_corrected_adam import BiasCorrectedAdam
from keras_pixda.optimizers.body_head_optimizer import BodyHeadOptimizer
from keras_pixda.optimizers.coupled_sgd import CoupledSGD
from keras_pixda.optimizers.published_optimizers import published_optimizers
from keras_pixda.optimizers.scaled_schedule import ScaledSchedule
from keras_pixda.optimizers.shared_loss_scale_optimizer import (
    SharedLossScaleOptimizer,
)

__all__ = [
    "BiasCorrectedAdam",
    "BodyHeadOptimizer",
    "CoupledSGD",
    "ScaledSchedule",
    "SharedLossScaleOptimizer",
    "published_optimizers",
]
