"""Side by side with PyTorch, where it is installed.

`python tests/weights/test_against_pytorch.py` records the files that the other tests
read: `tests/reference/pytorch_*.pth` and `pytorch_checkpoints.npz`.
"""

import collections
import pathlib

import numpy as np
import pytest

from keras_pixda.models import deeplab_v2
from keras_pixda.weights import load_pytorch, save_pytorch

torch = pytest.importorskip("torch")
nn = torch.nn

REFERENCE = pathlib.Path(__file__).parents[1] / "reference"
MEAN = (104.00698793, 116.66876762, 122.67891434)  # Blue, green, red.
TOY = {"num_classes": 3, "blocks": (1, 1, 2, 1), "filters": 1}


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride, dilation, first):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        if first:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, 4 * width, 1, stride, bias=False),
                nn.BatchNorm2d(4 * width),
            )

    def forward(self, x):
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        x = self.bn1(self.conv1(x)).relu()
        x = self.bn2(self.conv2(x)).relu()
        return (self.bn3(self.conv3(x)) + shortcut).relu()


class Head(nn.Module):
    def __init__(self, inputs, classes, summed):
        super().__init__()
        self.summed = summed
        self.conv2d_list = nn.ModuleList(
            nn.Conv2d(inputs, classes, 3, padding=d, dilation=d)
            for d in (6, 12, 18, 24)
        )

    def forward(self, x):
        return sum(convolution(x) for convolution in self.conv2d_list[: self.summed])


class DeepLabV2(nn.Module):
    """The published network, on RGB images `(batch, height, width, 3)`."""

    def __init__(self, num_classes, blocks=(3, 4, 23, 3), filters=64, summed=4):
        super().__init__()
        self.conv1 = nn.Conv2d(3, filters, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        inputs = filters
        steps = zip(blocks, (1, 2, 1, 1), (1, 1, 2, 4), strict=True)
        for i, (count, stride, dilation) in enumerate(steps):
            width = filters * 2**i
            stage = nn.Sequential()
            for block in range(count):
                first = block == 0
                stage.append(
                    Bottleneck(inputs, width, stride if first else 1, dilation, first)
                )
                inputs = 4 * width
            setattr(self, f"layer{i + 1}", stage)
        self.layer5 = Head(16 * filters, num_classes, summed)
        self.layer6 = Head(32 * filters, num_classes, summed)

    def forward(self, images):
        x = images.float().flip(-1) - torch.tensor(MEAN)
        x = self.bn1(self.conv1(x.permute(0, 3, 1, 2))).relu()
        x = nn.functional.max_pool2d(x, 3, 2, 1, ceil_mode=True)
        x = self.layer3(self.layer2(self.layer1(x)))
        outputs = self.layer5(x), self.layer6(self.layer4(x))
        return [
            nn.functional.interpolate(
                logits, images.shape[1:3], mode="bilinear", align_corners=True
            ).permute(0, 2, 3, 1)
            for logits in outputs
        ]


def trained(seed=0, **arguments):
    """A network whose every weight tells: random, statistics those of an image."""
    torch.manual_seed(seed)
    network = DeepLabV2(**arguments).train()
    for name, weights in network.named_parameters():
        if weights.ndim == 4:
            nn.init.kaiming_normal_(weights)
        elif "layer" not in name or "bn" in name or "downsample" in name:
            nn.init.uniform_(weights, 0.5, 1.0)
        if "conv2d_list" in name:
            untrained = name.split(".")[2] in "23" and network.layer6.summed == 2
            nn.init.normal_(weights, 0.0, 0.01 if untrained else 0.05)
    with torch.no_grad():
        for _ in range(2):
            network(torch.from_numpy(random_images(1)))
    return network.eval()


def random_images(seed, size=(65, 97)):
    return np.random.default_rng(seed).integers(0, 256, (1, *size, 3), dtype="uint8")


def logits_of(network, images):
    with torch.no_grad():
        return [logits.numpy() for logits in network(torch.from_numpy(images))]


def published_by_pixda(network, path, **kwargs):
    """The file that the released training code of PixDA writes."""
    wrapped = nn.DataParallel(network)
    optimizer = torch.optim.SGD(network.layer6.parameters(), 1e-3, momentum=0.9)
    steps = torch.optim.lr_scheduler.PolynomialLR(optimizer)
    content = {
        "optimizer_state": optimizer.state_dict(),
        "scheduler_state": steps.state_dict(),
        "model_state": wrapped.state_dict(),
        "total_steps_so_far": 30_000,
    }
    torch.save(content, path, **kwargs)


def published_by_adaptsegnet(network, path):
    """A bare state dict in the old form, without the counters that came later."""
    state = network.state_dict()
    kept = ((k, v) for k, v in state.items() if "num_batches" not in k)
    torch.save(
        collections.OrderedDict(kept), path, _use_new_zipfile_serialization=False
    )


def record():
    """Write the reference files."""
    images = random_images(2)
    pixda, adaptsegnet = trained(3, **TOY), trained(4, **TOY, summed=2)
    published_by_pixda(pixda, REFERENCE / "pytorch_pixda.pth")
    published_by_adaptsegnet(adaptsegnet, REFERENCE / "pytorch_adaptsegnet.pth")
    recorded = {"images": images}
    for name, network in (("pixda", pixda), ("adaptsegnet", adaptsegnet)):
        for head, logits in zip(
            ("auxiliary", "main"), logits_of(network, images), strict=True
        ):
            recorded[f"{name}.{head}"] = logits[:, ::4, ::4]
    np.savez_compressed(REFERENCE / "pytorch_checkpoints.npz", **recorded)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrapper", [None, "model_state", "state_dict"])
def test_every_form_of_a_checkpoint_gives_the_logits_of_pytorch(
    tmp_path, legacy, prefix, wrapper
):
    network, images = trained(5, **TOY), random_images(6, (66, 75))
    state = {prefix + key: value for key, value in network.state_dict().items()}
    torch.save(
        {wrapper: state} if wrapper else state,
        tmp_path / "c.pth",
        _use_new_zipfile_serialization=not legacy,
    )
    segmenter = deeplab_v2(**TOY, auxiliary_head=True)
    assert load_pytorch(tmp_path / "c.pth", segmenter) is segmenter
    for ours, theirs in zip(
        segmenter(images, training=False), logits_of(network, images), strict=True
    ):
        assert np.ptp(theirs) > 1  # They could differ.
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    alone = load_pytorch(tmp_path / "c.pth")
    np.testing.assert_allclose(alone(images), theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "protocol"), [("float16", 3), ("bfloat16", 4), ("float64", 5)]
)
def test_other_precisions_and_protocols(tmp_path, dtype, protocol):
    network = trained(5, **TOY).to(getattr(torch, dtype))
    torch.save(network.state_dict(), tmp_path / "c.pth", pickle_protocol=protocol)
    segmenter = load_pytorch(tmp_path / "c.pth")
    network.float()
    images = random_images(6)
    expected = logits_of(network, images)[1]
    np.testing.assert_allclose(segmenter(images), expected, atol=1e-4)


def test_tensors_that_are_views_are_read_where_they_lie(tmp_path):
    network = trained(5, **TOY).to(memory_format=torch.channels_last)
    state, numbers = network.state_dict(), torch.arange(200, dtype=torch.float32)
    state["layer6.conv2d_list.0.bias"] = numbers[7:100:31]
    torch.save(state, tmp_path / "c.pth")
    segmenter = load_pytorch(tmp_path / "c.pth")
    np.testing.assert_array_equal(segmenter.get_layer("head_0").bias, [7, 38, 69])
    kernel = segmenter.get_layer("layer2_0_conv2").kernel
    expected = state["layer2.0.conv2.weight"].permute(2, 3, 1, 0)
    np.testing.assert_array_equal(kernel, expected)


def test_pytorch_reads_what_is_saved(tmp_path):
    segmenter = load_pytorch(
        REFERENCE / "pytorch_pixda.pth", deeplab_v2(**TOY, auxiliary_head=True)
    )
    save_pytorch(segmenter, tmp_path / "c.pth")
    network = DeepLabV2(**TOY).eval()
    for kwargs in ({}, {"mmap": True}):
        state = torch.load(tmp_path / "c.pth", weights_only=True, **kwargs)
        assert type(state) is collections.OrderedDict
        network.load_state_dict(state, strict=True)
        images = random_images(8)
        for theirs, ours in zip(
            logits_of(network, images), segmenter(images), strict=True
        ):
            np.testing.assert_allclose(theirs, ours, atol=1e-4)
    published = torch.load(REFERENCE / "pytorch_pixda.pth", weights_only=False)
    for name, values in state.items():
        expected = published["model_state"][f"module.{name}"]
        assert values.dtype == torch.float32
        assert torch.equal(values, expected)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_whole_network_is_refused(tmp_path, legacy):
    path = tmp_path / "network.pth"
    torch.save(nn.Conv2d(1, 1, 1), path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match="cannot be read.*(torch.nn|whole network)"):
        load_pytorch(path)


if __name__ == "__main__":
    record()
