"""The quick look finds what the close one does, or leaves the pair to it."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import read_pair
from keras_pixda.datasets.count_pixels import count_pixels
from keras_pixda.datasets.look_at_pair import (
    _look_closely,
    _look_quickly,
    look_at_pair,
)


@pytest.fixture
def areas(make_record, write):
    """A record of one pair, 32x24 pixels, whose mask has areas of 0, 1 and 9, void."""
    mask = np.zeros((24, 32), np.uint8)
    mask[4:, 3:9] = 1
    mask[20:, 20:] = 9
    record = make_record(cities={"ulm": 1})
    write("street/masks/ulm/ulm_000.png", mask)
    return dataclasses.replace(record, id_map={0: 0, 1: 1, 9: 255, 255: 255})


@pytest.fixture
def hood(write):
    pixels = np.zeros((24, 32), np.uint8)
    pixels[18:, 2:30] = 255
    return str(write("hood.png", pixels))


def same(first, second):
    assert list(first[0]) == list(second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert first[2] == second[2]


@pytest.mark.parametrize("crop", [None, 1.0, 2.0, 4 / 3])
@pytest.mark.parametrize("hooded", [False, True])
def test_pixels_of_a_pair_without_fault(areas, hood, crop, hooded):
    hoods = (hood,) if hooded else ()
    record = dataclasses.replace(areas, crop=crop, ignore_masks=hoods)
    looked = _look_quickly(record, 0)
    same(looked, _look_closely(record, 0))
    _, labels = read_pair(record, 0)
    expected = [(labels == value).sum() for value in range(256)]
    assert looked[1].tolist() == expected
    ids = np.asarray(Image.open(record.pairs[0][1]))
    assert looked[2] == {value: (ids == value).sum() for value in np.unique(ids)}


def broken(record, write, fault):
    """The record with a fault or a doubt in its only pair."""
    image, mask = record.pairs[0]
    if fault == "size":
        write(mask, np.zeros((24, 24), np.uint8))
    elif fault == "unknown id":
        write(mask, 7)
    elif fault == "nothing labelled":
        write(mask, 255)
    elif fault == "16 bits":
        write(mask, np.ones((24, 32), np.uint16))
    elif fault == "turned":
        exif = Image.Exif()
        exif[0x0112] = 3
        Image.open(image).save(image, exif=exif)
    elif fault == "both turned":
        for path in (image, mask):
            exif = Image.Exif()
            exif[0x0112] = 3
            Image.open(path).save(path, exif=exif)
    elif fault == "large ids":
        pixels = np.asarray(Image.open(mask))
        write(mask, np.where(pixels == 1, 200, pixels).astype(np.uint8))
        record = dataclasses.replace(
            record,
            id_map={0: 0, 200: 1, 9: 255},
            ignore_masks=(str(write("hood.png", 0)),),
        )
    elif fault == "ids without room for marks":
        pixels = np.asarray(Image.open(mask))
        write(mask, np.where(pixels == 1, 64, pixels).astype(np.uint8))
        record = dataclasses.replace(record, id_map={0: 0, 64: 1, 9: 255}, crop=1.0)
    elif fault == "hood of another size":
        hood = str(write("hood.png", np.zeros((3, 3), np.uint8)))
        record = dataclasses.replace(record, ignore_masks=(hood,))
    elif fault == "no mask":
        write("empty.png", None).replace(mask)
    elif fault == "labelled beside the crop alone":
        pixels = np.full((24, 32), 255, np.uint8)
        pixels[:, 0] = 1
        write(mask, pixels)
        record = dataclasses.replace(record, crop=1.0)
    return record


FAULTY = [
    "size",
    "unknown id",
    "nothing labelled",
    "turned",
    "hood of another size",
    "no mask",
]
DOUBTFUL = [
    "16 bits",
    "both turned",
    "large ids",
    "ids without room for marks",
    "labelled beside the crop alone",
]


@pytest.mark.parametrize("fault", [*FAULTY, *DOUBTFUL])
def test_what_is_not_plain_is_looked_at_closely(areas, write, fault):
    record = broken(areas, write, fault)
    found = look_at_pair(record, 0)
    same(found, _look_closely(record, 0))
    assert bool(found[0]) == (fault in FAULTY)


def test_a_changed_hood_is_read_again(areas, hood, write):
    record = dataclasses.replace(areas, ignore_masks=(hood,))
    before = _look_quickly(record, 0)
    write("hood.png")
    same(_look_quickly(record, 0), _look_quickly(areas, 0))
    assert before[1][255] > _look_quickly(record, 0)[1][255]


def test_a_pair_without_fault_is_not(areas, monkeypatch):
    monkeypatch.setitem(look_at_pair.__globals__, "_look_closely", None)
    assert look_at_pair(areas, 0)[1][1] > 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(0,), (1,), (5, 7), (64, 48)])
def test_runs_are_counted_as_pixels_are(dtype, shape):
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, shape).astype(dtype)
    areas = np.sort(noise.ravel()).reshape(shape)
    for labels in (noise, areas, np.full(shape, 255, dtype), areas.T):
        counts = count_pixels(labels)
        assert counts.dtype == np.int64
        np.testing.assert_array_equal(
            counts, np.bincount(labels.ravel(), minlength=256)
        )
