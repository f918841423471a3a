import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import SegmentationRecord, folder

HEIGHT, WIDTH = 24, 32


@pytest.fixture
def write(tmp_path):
    """Return `write(name, content)`, which saves a picture below `tmp_path`.

    `content` is an array, one number for every pixel, or None for an empty file.
    """

    def write(name, content=0):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.touch()
        else:
            if np.ndim(content) == 0:
                content = np.full((HEIGHT, WIDTH), content, np.uint8)
            Image.fromarray(np.asarray(content)).save(path)
        return path

    return write


@pytest.fixture
def make_record(tmp_path, write):
    """Return `make_record(name, {city: count})`: PNG pairs of random pixels.

    The first pixel of an image is its number, so that a test can tell them apart.
    """

    def make_record(name="street", cities=None):
        random = np.random.default_rng([*name.encode()])
        number = 0
        for city, count in (cities or {"ulm": 4}).items():
            for index in range(count):
                image = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
                image[0, 0] = number
                mask = random.integers(0, 3, (HEIGHT, WIDTH), np.uint8)
                mask[mask == 2] = 255
                write(f"{name}/images/{city}/{city}_{index:03}.png", image)
                write(f"{name}/masks/{city}/{city}_{index:03}.png", mask)
                number += 1
        return folder(
            tmp_path / name / "images",
            tmp_path / name / "masks",
            ("road", "other"),
            city=lambda path: path.split("/")[0],
            name=name,
        )

    return make_record


@pytest.fixture
def record_of():
    """Return `record_of([(city, image), ...])`: a record of names without files."""

    def record_of(frames):
        return SegmentationRecord(
            name="streets",
            pairs=tuple((image, f"{image}.png") for _, image in frames),
            classes=("road",),
            palette=((128, 64, 128),),
            id_map={0: 0},
            cities=tuple(city for city, _ in frames),
        )

    return record_of
