"""Weights from elsewhere: published PyTorch checkpoints, ImageNet."""

from keras_pixda.weights.load_imagenet import load_imagenet
from keras_pixda.weights.load_pytorch import load_pytorch
from keras_pixda.weights.save_pytorch import save_pytorch

__all__ = ["load_imagenet", "load_pytorch", "save_pytorch"]
