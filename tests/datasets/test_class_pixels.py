import dataclasses

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import (
    DataError,
    PairCache,
    class_pixels,
    read_pair,
)


def counted(record, size=None):
    """Count plainly, class by class."""
    masks = [read_pair(record, i, size, size)[1] for i in range(len(record))]
    return [[(mask == c).sum() for c in range(len(record.classes))] for mask in masks]


@pytest.mark.parametrize("cache", [None, PairCache()])
@pytest.mark.parametrize("size", [None, (6, 8)])
def test_counts(make_record, cache, size):
    record = make_record(cities={"ulm": 5})
    pixels = class_pixels(record, size, cache, workers=3, verbose=False)
    assert pixels.dtype == np.int64
    np.testing.assert_array_equal(pixels, counted(record, size))
    assert (pixels.sum(1) < (48 if size else 24 * 32)).all()
    if cache:  # What was read for counting is there for the training.
        assert all(cache.find(record, index, size, size) for index in range(5))


def test_ignore_masks_and_classes_without_pixels(make_record, write):
    record = make_record()
    hood = np.zeros((24, 32), np.uint8)
    hood[12:] = 255
    record = dataclasses.replace(
        record,
        ignore_masks=(str(write("hood.png", hood)), None, None, None),
        classes=("road", "other", "sky"),
        palette=((0, 0, 0),) * 3,
    )
    pixels = class_pixels(record, verbose=False)
    np.testing.assert_array_equal(pixels, counted(record))
    upper = np.asarray(Image.open(record.pairs[0][1]))[:12]
    assert pixels[0].tolist() == [(upper == 0).sum(), (upper == 1).sum(), 0]


def test_progress(make_record, capsys):
    class_pixels(make_record())
    assert "class pixels" in capsys.readouterr().out
    class_pixels(make_record(), verbose=False)
    assert capsys.readouterr().out == ""


def test_a_broken_mask_is_named(make_record, write):
    record = make_record()
    write("street/masks/ulm/ulm_002.png", 9)
    with pytest.raises(DataError, match=r"ulm_002\.png: holds ids"):
        class_pixels(record, verbose=False)


@pytest.mark.parametrize("cache", [None, PairCache()])
def test_a_broken_mask_that_is_skipped_has_no_pixels_once(make_record, write, cache):
    record = make_record()
    write("street/masks/ulm/ulm_002.png", 9)
    [broken] = [i for i, (_, m) in enumerate(record.pairs) if m.endswith("ulm_002.png")]
    pixels = class_pixels(record, cache=cache, verbose=False, skip=True)
    assert pixels.sum(1).astype(bool).tolist() == [i != broken for i in range(4)]
    with pytest.raises(DataError, match=r"ulm_002\.png: holds ids"):
        class_pixels(record, verbose=False)
