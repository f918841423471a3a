"""The published training step in plain PyTorch: what `step_time.py` compares with.

Networks have the layer names of their Keras twins, so that one file of weights fills
both. Nothing is tuned: the order of the published step, one image at a time through the
segmenter, discriminators run again for their own update, full Fourier transforms in
NumPy, and a loop over the classes.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

PIXEL_MEAN = (122.67891434, 116.66876762, 104.00698793)
IGNORE = 255

# === Networks ===


def resize(x, size):
    return functional.interpolate(x, size, mode="bilinear", align_corners=True)


class Bottleneck(nn.Module):
    def __init__(self, inputs, filters, stride, dilation, downsample):
        super().__init__()
        outputs = 4 * filters
        self.conv1 = nn.Conv2d(inputs, filters, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(
            filters, filters, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.bn2 = nn.BatchNorm2d(filters)
        self.conv3 = nn.Conv2d(filters, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample_conv = self.downsample_bn = None
        if downsample:
            self.downsample_conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample_bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        shortcut = x
        if self.downsample_conv:
            shortcut = self.downsample_bn(self.downsample_conv(x))
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + shortcut)


class DeepLabV2(nn.Module):
    """DeepLabV2 on a bottleneck ResNet, the main head alone."""

    def __init__(self, num_classes, blocks=(3, 4, 23, 3), filters=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, filters, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(3, 2, padding=1, ceil_mode=True)
        inputs, self.body = filters, []
        for stage, (count, stride, dilation) in enumerate(
            zip(blocks, (1, 2, 1, 1), (1, 1, 2, 4), strict=True), start=1
        ):
            width = filters * 2 ** (stage - 1)
            for block in range(count):
                first = block == 0
                layer = Bottleneck(
                    inputs, width, stride if first else 1, dilation, first
                )
                self.add_module(f"layer{stage}_{block}", layer)
                self.body.append(layer)
                inputs = 4 * width
        self.head = nn.ModuleList(
            nn.Conv2d(inputs, num_classes, 3, padding=rate, dilation=rate)
            for rate in (6, 12, 18, 24)
        )
        for module in self.modules():  # Scale and offset stay as loaded.
            if isinstance(module, nn.BatchNorm2d):
                module.weight.requires_grad = module.bias.requires_grad = False

    def prepare(self, images):
        return images - torch.tensor(PIXEL_MEAN)[:, None, None]

    def forward(self, x):
        size = x.shape[2:]
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        for layer in self.body:
            x = layer(x)
        return resize(sum(head(x) for head in self.head), size)


class SmallSegmenter(nn.Module):
    """The twin of `keras_pixda.models.small_segmenter`."""

    def __init__(self, num_classes, filters=24):
        super().__init__()

        def block(name, inputs, outputs, stride=1):
            convolution = nn.Conv2d(inputs, outputs, 3, stride, bias=False)
            self.add_module(f"{name}_conv", convolution)
            self.add_module(f"{name}_bn", nn.BatchNorm2d(outputs, eps=1e-3))

        block("stem", 3, filters, 2)
        width = filters
        for i in (1, 2, 3):
            block(f"down{i}", width, (i + 1) * filters, 2)
            width = (i + 1) * filters
            block(f"down{i}_more", width, width)
        for i, skip in ((3, 3 * filters), (2, 2 * filters), (1, filters)):
            self.add_module(f"up{i}_project", nn.Conv2d(width, skip, 1))
            block(f"up{i}", skip, skip)
            width = skip
        self.head = nn.Conv2d(filters, num_classes, 1)

    def prepare(self, images):
        return images / 64 - 2.0

    def block(self, name, x):
        convolution = getattr(self, f"{name}_conv")
        # TensorFlow's "same": the odd row or column of padding comes last.
        stride, padding = convolution.stride[0], []
        for size in (x.shape[3], x.shape[2]):
            total = max((-(-size // stride) - 1) * stride + 3 - size, 0)
            padding += [total // 2, total - total // 2]
        x = convolution(functional.pad(x, padding))
        return functional.relu(getattr(self, f"{name}_bn")(x), inplace=True)

    def forward(self, x):
        size, skips = x.shape[2:], []
        x = self.block("stem", x)
        for i in (1, 2, 3):
            skips.append(x)
            x = self.block(f"down{i}_more", self.block(f"down{i}", x))
        for i, skip in zip((3, 2, 1), reversed(skips), strict=True):
            x = resize(getattr(self, f"up{i}_project")(x), skip.shape[2:])
            x = self.block(f"up{i}", x + skip)
        return resize(self.head(x), size)


class PixelDiscriminator(nn.Module):
    def __init__(self, num_classes, filters=64):
        super().__init__()
        self.conv1 = nn.Conv2d(num_classes, filters, 3, padding=1)
        self.conv2 = nn.Conv2d(filters, 2 * filters, 3, padding=1)
        self.classifier = nn.Conv2d(2 * filters, 1, 1)
        self.leaky_relu = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x):
        x = self.leaky_relu(self.conv1(x))
        return self.classifier(self.leaky_relu(self.conv2(x)))


class ImageDiscriminator(nn.Module):
    def __init__(self, num_classes, filters=64):
        super().__init__()
        widths = [num_classes, *(filters * 2**i for i in range(4)), 1]
        for name, inputs, outputs in zip(
            ("conv1", "conv2", "conv3", "conv4", "classifier"),
            widths[:-1],
            widths[1:],
            strict=True,
        ):
            self.add_module(name, nn.Conv2d(inputs, outputs, 4, 2, padding=1))
        self.leaky_relu = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x):
        for name in ("conv1", "conv2", "conv3", "conv4"):
            x = self.leaky_relu(getattr(self, name)(x))
        return self.classifier(x)


def load(network, weights, prefix):
    """Fill a network with the weights of its Keras twin, by the paths of variables."""
    kinds = {
        "kernel": "weight",
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    state = {}
    for path, value in weights.items():
        if not path.startswith(f"{prefix}/"):
            continue
        _, layer, kind = path.split("/")
        for name in ("conv1", "conv2", "conv3", "bn1", "bn2", "bn3", "downsample"):
            if layer.startswith("layer"):
                layer = layer.replace(f"_{name}", f".{name}")
        if layer.startswith("head_") and layer[5:].isdigit():
            layer = layer.replace("_", ".")
        value = torch.from_numpy(value)
        if value.ndim == 4:
            axes = (2, 3, 0, 1) if "depthwise" in layer else (3, 2, 0, 1)
            value = value.permute(axes).contiguous()
        state[f"{layer}.{kinds.get(kind, kind)}"] = value
    missing, unexpected = network.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"Weights missing {missing}, not expected {unexpected}.")


# === Losses ===


def style_transfer(source, target, window=0.01):
    """One image, channels first: the window of the shifted amplitude is replaced."""
    source_spectrum = np.fft.fft2(source, axes=(-2, -1))
    target_spectrum = np.fft.fft2(target, axes=(-2, -1))
    amplitude, phase = np.abs(source_spectrum), np.angle(source_spectrum)
    amplitude = np.fft.fftshift(amplitude, axes=(-2, -1))
    wanted = np.fft.fftshift(np.abs(target_spectrum), axes=(-2, -1))
    height, width = source.shape[1:]
    half = int(np.floor(min(height, width) * window))
    rows = slice(height // 2 - half, height // 2 + half + 1)
    columns = slice(width // 2 - half, width // 2 + half + 1)
    amplitude[:, rows, columns] = wanted[:, rows, columns]
    amplitude = np.fft.ifftshift(amplitude, axes=(-2, -1))
    styled = np.fft.ifft2(amplitude * np.exp(1j * phase), axes=(-2, -1))
    return np.real(styled).astype("float32")


def focal_loss(logits, labels, gamma=2.0):
    cross_entropy = functional.cross_entropy(
        logits, labels, ignore_index=IGNORE, reduction="none"
    )
    values = (1 - torch.exp(-cross_entropy)) ** gamma * cross_entropy
    return values.sum() / (labels != IGNORE).sum()


def pixel_adversarial_loss(logits, answer, labels):
    fooling = functional.binary_cross_entropy_with_logits(
        answer[:, 0], torch.zeros_like(answer[:, 0]), reduction="none"
    )
    surprise = functional.cross_entropy(
        logits, labels, ignore_index=IGNORE, reduction="none"
    )
    imbalance = torch.zeros_like(fooling)
    for image, label in zip(imbalance, labels, strict=True):
        for number in torch.unique(label):
            of_class = label == number
            image[of_class] = 1 - of_class.sum() / label.numel()
    return (fooling * surprise * imbalance).mean()


def domain_loss(answer, domain):
    return functional.binary_cross_entropy_with_logits(
        answer, torch.full_like(answer, float(domain))
    )


# === Step ===


def segmenter_optimizer(segmenter, learning_rate):
    """The published SGD, the head at ten times the rate."""
    heads, body = [], []
    for name, parameter in segmenter.named_parameters():
        if parameter.requires_grad:
            (heads if name.startswith("head") else body).append(parameter)
    return torch.optim.SGD(
        [{"params": body}, {"params": heads, "lr": 10 * learning_rate}],
        lr=learning_rate,
        momentum=0.9,
        weight_decay=5e-4,
    )


class SupervisedStep:
    """One network on labelled images of the target."""

    def __init__(
        self,
        segmenter,
        num_classes,
        weights,
        learning_rate=1e-3,
        _=None,
        layout=torch.contiguous_format,
    ):
        self.segmenter, self.layout = segmenter, layout
        load(segmenter, weights, "segmenter")
        segmenter.train().to(memory_format=layout)
        self.optimizer = segmenter_optimizer(segmenter, learning_rate)

    def __call__(self, images, labels):
        """The loss of a step on uint8 images and labels, channels last."""
        images = torch.from_numpy(images["target"]).permute(0, 3, 1, 2)
        images = images.float().contiguous(memory_format=self.layout)
        self.optimizer.zero_grad()
        logits = self.segmenter(self.segmenter.prepare(images))
        loss = focal_loss(logits, torch.from_numpy(labels["target"].astype("int64")))
        loss.backward()
        self.optimizer.step()
        return [loss.item()]


class Prediction:
    """The classes of the target images, by a network that is not trained."""

    def __init__(self, segmenter, num_classes, weights, *_, layout):
        self.segmenter, self.layout = segmenter, layout
        load(segmenter, weights, "segmenter")
        segmenter.eval().to(memory_format=layout)

    def __call__(self, images, labels):
        """The mean of all logits, of uint8 images, channels last."""
        images = torch.from_numpy(images["target"]).permute(0, 3, 1, 2)
        images = images.float().contiguous(memory_format=self.layout)
        with torch.inference_mode():
            logits = self.segmenter(self.segmenter.prepare(images))
            logits.argmax(1)
        return [logits.mean().item()]


class PublishedStep:
    """Three networks, three optimizers, and one call a training step."""

    def __init__(
        self,
        segmenter,
        num_classes,
        weights,
        learning_rate=1e-3,
        discriminator_learning_rate=4e-4,
        decay_steps=62_500,
        layout=torch.contiguous_format,
    ):
        self.segmenter, self.layout = segmenter, layout
        self.discriminator = PixelDiscriminator(num_classes)
        self.image_discriminator = ImageDiscriminator(num_classes)
        networks = self.segmenter, self.discriminator, self.image_discriminator
        names = "segmenter", "discriminator", "image_discriminator"
        for network, name in zip(networks, names, strict=True):
            load(network, weights, name)
            network.train().to(memory_format=layout)
        self.optimizers = [
            segmenter_optimizer(segmenter, learning_rate),
            *(
                torch.optim.Adam(
                    network.parameters(),
                    lr=discriminator_learning_rate,
                    betas=(0.9, 0.99),
                )
                for network in networks[1:]
            ),
        ]
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(
                optimizer, lambda step: (1 - step / decay_steps) ** 0.9
            )
            for optimizer in self.optimizers
        ]

    def __call__(self, images, labels):
        """The seven losses of a step on uint8 images and labels, channels last."""
        source, target = (
            np.ascontiguousarray(images[d].transpose(0, 3, 1, 2).astype("float32"))
            for d in ("source", "target")
        )
        pairs = zip(source, target, strict=True)
        source = np.stack([style_transfer(s, t) for s, t in pairs])
        source, target = (
            self.segmenter.prepare(torch.from_numpy(x).to(memory_format=self.layout))
            for x in (source, target)
        )
        source_labels, target_labels = (
            torch.from_numpy(labels[d].astype("int64")) for d in ("source", "target")
        )
        for optimizer in self.optimizers:
            optimizer.zero_grad()

        self.discriminator.requires_grad_(False)
        source_logits = self.segmenter(source)
        source_loss = focal_loss(source_logits, source_labels)
        source_loss.backward()

        target_logits = self.segmenter(target)
        target_loss = focal_loss(target_logits, target_labels)
        answer = self.discriminator(functional.softmax(target_logits, 1))
        adversarial_loss = pixel_adversarial_loss(target_logits, answer, target_labels)
        (target_loss + 0.1 * adversarial_loss).backward()

        self.discriminator.requires_grad_(True)
        maps = [
            functional.softmax(x.detach(), 1) for x in (source_logits, target_logits)
        ]
        losses = [source_loss, target_loss, adversarial_loss]
        for discriminator in (self.discriminator, self.image_discriminator):
            for domain, probabilities in enumerate(maps):
                loss = 0.5 * domain_loss(discriminator(probabilities), domain)
                loss.backward()
                losses.append(loss)
        for optimizer in self.optimizers:
            optimizer.step()
        for schedule in self.schedules:
            schedule.step()
        return [loss.item() for loss in losses]
