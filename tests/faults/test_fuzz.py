"""Damaged files are read or refused by name; none hangs or breaks a library."""

import contextlib
import io
import json
import random
import signal
from signal import SIGALRM, SIGPROF

import fuzz
import keras
import numpy as np
import png
import pytest
from PIL import Image

from keras_pixda.datasets import DataError, SegmentationRecord, read_image, read_mask
from keras_pixda.datasets.lists import read_list
from keras_pixda.models import deeplab_v2
from keras_pixda.models.load_model import load_model, load_weights
from keras_pixda.runs import Settings
from keras_pixda.weights import save_pytorch
from keras_pixda.weights.checkpoint import Checkpoint, CheckpointError

# Those of libraries, such as a `UnicodeDecodeError`, are others.
OUR_ERRORS = (DataError, CheckpointError, ValueError)
PIXELS = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
IDS = np.arange(108).reshape(9, 12) % 4
RECORD = SegmentationRecord(
    "street", (), ("road", "car"), ((0, 0, 0),) * 2, {0: 0, 1: 1, 2: 255, 3: 1}, ()
)
SETTINGS = Settings.preset("small", source="gta5:a", target="cityscapes:b")


def picture(pixels, kind, mode=None, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def exif():
    marks = Image.Exif()
    marks[0x0112] = 6
    return marks


def is_image(path):
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.shape[2:] == (3,)


def is_mask(path):
    assert {*np.unique(read_mask(path, RECORD))} <= {0, 1, 255}


def is_settings(path):
    assert isinstance(Settings.from_file(path), Settings)


def is_checkpoint(path):
    with path.open("rb") as file:
        checkpoint = Checkpoint(file, path)
        for name in checkpoint.tensors:
            assert checkpoint.read(name).dtype == np.float32


def is_model(path):
    assert isinstance(load_model(path), keras.Model)


def is_weights(path):
    load_weights(network(), path)


def network():
    inputs = keras.Input((None, None, 3))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(2, 1)(scaled))


def yaml(settings):
    return "\n".join(
        f"{name}: {json.dumps(value)}" for name, value in settings.by_name().items()
    )


# Suffix, reader, kinds of damage, whole files, how many damaged ones in full.
CASES = {
    "PNG images": (
        *(".png", is_image, (fuzz.damaged, fuzz.damaged_png)),
        [
            picture(PIXELS, "PNG", exif=exif()),
            picture(PIXELS[..., 0], "PNG"),
            png.png(PIXELS.astype(np.uint16) * 257, 16, png.RGB),
            png.png(IDS, 2, png.PALETTE, PIXELS[0, :4]),
        ],
        20_000,
    ),
    "JPEG images": (
        *(".jpg", is_image, (fuzz.damaged,)),
        [
            picture(PIXELS, "JPEG", exif=exif()),
            picture(PIXELS, "JPEG", progressive=True),
            picture(PIXELS, "JPEG", "CMYK"),
        ],
        20_000,
    ),
    "masks": (
        *(".png", is_mask, (fuzz.damaged, fuzz.damaged_png)),
        [
            *(png.png(IDS, bits) for bits in (2, 4, 8, 16)),
            png.png(IDS, 8, png.PALETTE, PIXELS[:2].reshape(-1, 3)),
            png.png(np.dstack([IDS] * 4), 16, png.RGB_ALPHA),
        ],
        20_000,
    ),
    "JSON settings": (
        *(".json", is_settings, (fuzz.damaged,)),
        [SETTINGS.to_json().encode(), json.dumps(SETTINGS.by_name()).encode()],
        20_000,
    ),
    "YAML settings": (
        *(".yaml", is_settings, (fuzz.damaged,)),
        [yaml(SETTINGS).encode(), b"a: [1, {b: c}]\nd:\n  - 'e'\n# f\n"],
        10_000,
    ),
    "lists": (*(".txt", read_list, (fuzz.damaged,)), [b"ulm/a.png\nb\n\n c "], 4_000),
    "PyTorch checkpoints": (
        *(".pth", is_checkpoint, (fuzz.damaged, fuzz.damaged_zip)),
        None,
        5_000,
    ),
    "Keras weights": (*(".weights.h5", is_weights, (fuzz.damaged,)), None, 1_000),
    "Keras models": (
        *(".keras", is_model, (fuzz.damaged, fuzz.damaged_zip)),
        None,
        1_000,
    ),
}


def test_there_are_enough():
    assert sum(case[-1] for case in CASES.values()) >= 100_000


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A checkpoint, a model and its weights, as bytes."""
    root = tmp_path_factory.mktemp("models")
    network().save(root / "a.keras")
    network().save_weights(root / "a.weights.h5")
    segmenter = deeplab_v2(2, blocks=(1, 1, 1, 1), filters=1)
    save_pytorch(segmenter, root / "a.pth")
    return {path.name[1:]: path.read_bytes() for path in root.iterdir()}


def stop(*_):
    raise TimeoutError("reading took too long")


@pytest.fixture
def impatient():
    """What happens when `within_limits` are overstepped."""
    before = {kind: signal.signal(kind, stop) for kind in (SIGALRM, SIGPROF)}
    yield
    for kind, handler in before.items():
        signal.signal(kind, handler)


@contextlib.contextmanager
def within_limits():
    """No input may take long, on a busy machine neither."""
    signal.setitimer(signal.ITIMER_PROF, 20)
    signal.setitimer(signal.ITIMER_REAL, 300)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def error_of(read, path):
    try:
        read(path)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("full", [False, pytest.param(True, marks=pytest.mark.faults)])
@pytest.mark.parametrize("name", CASES)
def test_damaged_files(name, full, models, tmp_path, impatient):
    suffix, read, damages, wholes, count = CASES[name]
    wholes = wholes or [models[suffix]]
    path = tmp_path / f"a file{suffix}"
    for whole in wholes:
        path.write_bytes(whole)
        if b"a: [1" not in whole:
            read(path)
    outcomes = {"read": 0, "refused": 0}
    for number in range(count if full else count // 200):
        chance = random.Random(f"{name} {number}")
        data = chance.choice(damages)(chance.choice(wholes), chance)
        path.unlink()  # Faster than to write over it.
        path.write_bytes(data)
        with within_limits():
            error = error_of(read, path)
        if error:
            # Our own words, with the name of the file.
            text = str(error)
            if (
                type(error) not in OUR_ERRORS
                or str(path) not in text
                or len(text) > 999
            ):
                raise AssertionError(f"number {number}, {data[:300]}") from error
        outcomes["refused" if error else "read"] += 1
    print(name, outcomes)
    assert outcomes["refused"] > 0
