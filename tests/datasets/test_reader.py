import dataclasses

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import DataError, read_image, read_mask, read_pair


def test_resize_is_bicubic_and_antialiased(write):
    image = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    path = write("a.png", image)
    small = read_image(path, size=(6, 8))
    assert small.shape == (6, 8, 3)
    # The antialiased cubic kernel, a = -0.5, four times as wide as the step.
    expected = resize_cubic(resize_cubic(image.astype(float), 6).swapaxes(0, 1), 8)
    error = np.abs(expected.swapaxes(0, 1).clip(0, 255) - small)
    assert error.max() < 2.5
    assert error.mean() < 0.5


def resize_cubic(values, size):
    scale = len(values) / size
    centres = (np.arange(size) + 0.5) * scale
    x = np.abs(np.arange(len(values)) + 0.5 - centres[:, None]) / scale
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0))
    weights /= weights.sum(1, keepdims=True)
    return np.tensordot(weights, values, 1)


def test_mask_resize_takes_the_nearest(make_record):
    record = make_record()
    whole = read_mask(record.pairs[0][1], record)
    small = read_mask(record.pairs[0][1], record, size=(8, 8))
    np.testing.assert_array_equal(small, whole[1::3, 2::4])


def test_crop_to_a_shape(write, make_record):
    image = np.zeros((24, 32, 3), np.uint8)
    image[..., 0] = np.arange(32)
    image[..., 1] = np.arange(24)[:, None]
    path = write("a.png", image)
    np.testing.assert_array_equal(read_image(path, crop=0.5), image[:, 10:22])
    np.testing.assert_array_equal(read_image(path, crop=2), image[4:20])
    np.testing.assert_array_equal(read_image(path, crop=4 / 3), image)
    record = dataclasses.replace(make_record(), crop=2.0)
    image, labels = read_pair(record, 0)
    assert image.shape[:2] == labels.shape == (16, 32)
    whole = np.asarray(Image.open(record.pairs[0][1]))
    np.testing.assert_array_equal(labels, whole[4:20])


def test_pair_sizes(make_record):
    record = make_record()
    image, labels = read_pair(record, 2, image_size=(12, 16), label_size=(6, 8))
    assert image.shape == (12, 16, 3)
    assert labels.shape == (6, 8)
    image, labels = read_pair(record, 2)
    np.testing.assert_array_equal(image, np.asarray(Image.open(record.pairs[2][0])))
    np.testing.assert_array_equal(labels, np.asarray(Image.open(record.pairs[2][1])))


def test_sizes_on_disk_must_agree(make_record, write):
    record = make_record()
    write("street/masks/ulm/ulm_001.png", np.zeros((12, 16), np.uint8))
    with pytest.raises(DataError, match=r"001\.png: is 16x12 .*001\.png is 32x24"):
        read_pair(record, 1, image_size=(6, 8), label_size=(6, 8))


def test_ignore_mask(make_record, write):
    record = make_record()
    hood = np.zeros((24, 32), np.uint8)
    hood[20:] = 255
    hood[0] = 254
    record = dataclasses.replace(
        record, ignore_masks=(None, str(write("hood.png", hood)), None, None)
    )
    whole = np.asarray(Image.open(record.pairs[1][1]))
    _, labels = read_pair(record, 1)
    assert (labels[20:] == 255).all()
    np.testing.assert_array_equal(labels[:20], whole[:20])
    _, labels = read_pair(record, 0)
    assert (labels[20:] != 255).any()


def turned(path, mark):
    exif = Image.Exif()
    exif[0x0112] = mark
    Image.open(path).copy().save(path, exif=exif)


def test_marks_that_leave_open_how_a_mask_lies_are_refused(make_record, write):
    record = make_record()
    image, mask = record.pairs[0]
    upright = read_pair(record, 0)
    for part in (image, mask):
        turned(part, 3)
        with pytest.raises(DataError, match=r"orientation mark .* Save both upright"):
            read_pair(record, 0)
        turned(part, 1)
    for part in (image, mask):
        turned(part, 3)
    for before, after in zip(upright, read_pair(record, 0), strict=True):
        np.testing.assert_array_equal(before[::-1, ::-1], after)
    # A quarter turn is certain where the sizes then agree, not in a square.
    pixels = np.random.default_rng(0).integers(0, 256, (32, 24, 3), np.uint8)
    turned(write("street/images/ulm/ulm_000.png", pixels), 6)
    turned(mask, 1)
    np.testing.assert_array_equal(read_pair(record, 0)[0], np.rot90(pixels, -1))
    turned(write("street/images/ulm/ulm_000.png", pixels[:24]), 6)
    write("street/masks/ulm/ulm_000.png", np.zeros((24, 24), np.uint8))
    with pytest.raises(DataError, match="orientation mark 6 but its mask 1"):
        read_pair(record, 0)


def test_a_mask_without_labels_is_refused(make_record, write):
    record = make_record()
    write("street/masks/ulm/ulm_001.png", 255)
    with pytest.raises(DataError, match=r"ulm_001\.png: every pixel is ignored"):
        read_pair(record, 1, (12, 16), (12, 16))
