"""EfficientNet-Lite0 under the light pyramid head, in plain PyTorch.

Layers have the names of their Keras twins, see `pytorch_step.load`.
"""

import torch
from torch import nn
from torch.nn import functional

# Kernel size, stride, expansion and filters of every block.
BLOCKS = [
    block
    for repeats, size, stride, expansion, filters in (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    )
    for block in [(size, stride, expansion, filters)]
    + [(size, 1, expansion, filters)] * (repeats - 1)
]
FEATURES = {24: 4, 40: 8, 112: 16, 320: 32}


class EfficientNetLitePyramid(nn.Module):
    """The twin of `pyramid_segmenter(efficientnet_lite(0), num_classes)`."""

    def __init__(self, num_classes, width=64):
        super().__init__()
        self.convolution("stem", 3, 32, 3, 2)
        filters = 32
        for number, (size, stride, expansion, outputs) in enumerate(BLOCKS):
            name, inner = f"block{number}", expansion * filters
            if expansion > 1:
                self.convolution(f"{name}_expand", filters, inner, 1)
            self.convolution(
                f"{name}_depthwise", inner, inner, size, stride, groups=inner
            )
            self.convolution(f"{name}_project", inner, outputs, 1)
            filters = outputs
        for filters, stride in FEATURES.items():
            self.add_module(f"head_lateral{stride}", nn.Conv2d(filters, width, 1))
            if stride < 32:
                convolution = nn.Conv2d(width, width, 3, padding=1, bias=False)
                self.add_module(f"head_conv{stride}", convolution)
                self.add_module(f"head_bn{stride}", nn.BatchNorm2d(width, eps=1e-3))
        self.head = nn.Conv2d(width, num_classes, 1)

    def convolution(self, name, inputs, outputs, size, stride=1, groups=1):
        # With a stride, TensorFlow's "same" pads an even side at its end alone.
        padding = size // 2 if stride == 1 else 0
        self.add_module(
            f"{name}_conv",
            nn.Conv2d(inputs, outputs, size, stride, padding, 1, groups, bias=False),
        )
        self.add_module(f"{name}_bn", nn.BatchNorm2d(outputs, 1e-3, 0.01))

    def prepare(self, images):
        return images / 128 - 127 / 128

    def normalised(self, name, x, relu=True):
        convolution = getattr(self, f"{name}_conv")
        stride, padding = convolution.stride[0], []
        if stride > 1:
            for size in (x.shape[3], x.shape[2]):
                total = (-(-size // stride) - 1) * stride - size
                total = max(total + convolution.kernel_size[0], 0)
                padding += [total // 2, total - total // 2]
            x = functional.pad(x, padding)
        x = getattr(self, f"{name}_bn")(convolution(x))
        return functional.relu6(x, inplace=True) if relu else x

    def forward(self, x):
        size, features = x.shape[2:], {}
        x = self.normalised("stem", x)
        for number, (_, stride, expansion, outputs) in enumerate(BLOCKS):
            name, shortcut = f"block{number}", x
            if expansion > 1:
                x = self.normalised(f"{name}_expand", x)
            x = self.normalised(f"{name}_depthwise", x)
            x = self.normalised(f"{name}_project", x, relu=False)
            if stride == 1 and shortcut.shape[1] == outputs:
                x = x + shortcut
            if outputs in FEATURES:
                features[FEATURES[outputs]] = x
        x = self.head_lateral32(features[32])
        for stride in (16, 8, 4):
            lateral = getattr(self, f"head_lateral{stride}")(features[stride])
            x = resize(x, lateral.shape[2:]) + lateral
            x = getattr(self, f"head_conv{stride}")(x)
            x = getattr(self, f"head_bn{stride}")(x)
            x = functional.relu(x, inplace=True)
        return resize(self.head(x), size)


def resize(x, size):
    return functional.interpolate(x, size, mode="bilinear", align_corners=True)


def as_layout(network, channels_last):
    """The network, its weights in the layout that is asked for."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return network.to(memory_format=layout)
