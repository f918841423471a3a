"""Optimizers of the published schedule."""

from keras_pixda.optimizers.bias_corrected_adam import BiasCorrectedAdam
from keras_pixda.optimizers.coupled_sgd import CoupledSGD
from keras_pixda.optimizers.published_optimizers import published_optimizers

__all__ = ["BiasCorrectedAdam", "CoupledSGD", "published_optimizers"]
