"""Layers."""

from keras_pixda.layers.aligned_resize import AlignedResize, aligned_resize
from keras_pixda.layers.dilated_convolution import DilatedConvolution
from keras_pixda.layers.fixed_scale_batch_normalization import (
    FixedScaleBatchNormalization,
)
from keras_pixda.layers.fourier_style_transfer import (
    FourierStyleTransfer,
    fourier_style_transfer,
)
from keras_pixda.layers.lean_leaky_relu import LeanLeakyReLU
from keras_pixda.layers.patch_tokens import PatchTokens
from keras_pixda.layers.resize_logits import resize_logits
from keras_pixda.layers.resized_like import resized_like
from keras_pixda.layers.token_map import TokenMap

__all__ = [
    "AlignedResize",
    "DilatedConvolution",
    "FixedScaleBatchNormalization",
    "FourierStyleTransfer",
    "LeanLeakyReLU",
    "PatchTokens",
    "TokenMap",
    "aligned_resize",
    "fourier_style_transfer",
    "resize_logits",
    "resized_like",
]
