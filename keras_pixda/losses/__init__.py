"""Losses: a pure function for the map of a loss, a class for its mean."""

from keras_pixda.losses.distillation import DistillationLoss, distillation_loss
from keras_pixda.losses.domain import (
    SOURCE,
    TARGET,
    discriminator_loss,
    domain_loss,
    domain_losses,
)
from keras_pixda.losses.entropy import EntropyLoss, entropy_loss
from keras_pixda.losses.focal import FocalLoss, focal_loss
from keras_pixda.losses.one_hot import OneHotLoss
from keras_pixda.losses.pix_adv import PixAdvLoss, class_imbalance, pix_adv_loss
from keras_pixda.losses.pixel_cross_entropy import pixel_cross_entropy

__all__ = [
    "SOURCE",
    "TARGET",
    "DistillationLoss",
    "EntropyLoss",
    "FocalLoss",
    "OneHotLoss",
    "PixAdvLoss",
    "class_imbalance",
    "discriminator_loss",
    "distillation_loss",
    "domain_loss",
    "domain_losses",
    "entropy_loss",
    "focal_loss",
    "pix_adv_loss",
    "pixel_cross_entropy",
]
