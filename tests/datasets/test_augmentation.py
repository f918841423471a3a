import keras
import numpy as np
import pytest

from keras_pixda.datasets import augmentation

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 5, (24, 32), np.uint8)
# The image shows its labels, so that both can be compared after a change.
IMAGE = np.stack([LABELS * 50] * 3, -1)


def test_flip():
    augment = augmentation(flip=True)
    flipped = 0
    for seed in range(20):
        image, labels = augment(IMAGE, LABELS, seed)
        assert image.dtype == labels.dtype == np.uint8
        changed = not np.array_equal(labels, LABELS)
        flipped += changed
        np.testing.assert_array_equal(labels, LABELS[:, ::-1] if changed else LABELS)
        np.testing.assert_array_equal(image[..., 0], labels * 50)
    assert 4 <= flipped <= 16


def test_crop_moves_image_and_labels_alike():
    augment = augmentation(flip=False, crop=(8, 12))
    places = set()
    for seed in range(20):
        image, labels = augment(IMAGE, LABELS, seed)
        assert labels.shape == (8, 12)
        np.testing.assert_array_equal(image[..., 0], labels * 50)
        places |= {
            (top, left)
            for top in range(17)
            for left in range(21)
            if np.array_equal(LABELS[top : top + 8, left : left + 12], labels)
        }
    assert len(places) > 10
    assert len({top - left for top, left in places}) > 5
    image, labels = augmentation(flip=False, crop=(24, 32))(IMAGE, LABELS, 0)
    np.testing.assert_array_equal(labels, LABELS)
    with pytest.raises(ValueError, match=r"crop \(25, 32\) is larger"):
        augmentation(crop=(25, 32))(IMAGE, LABELS, 0)


def test_zoom_in_keeps_ids_and_place():
    blocks = np.kron(RANDOM.integers(0, 5, (3, 4), np.uint8), np.ones((8, 8), np.uint8))
    image = np.stack([blocks * 50] * 3, -1)
    zoomed, labels = augmentation(flip=False, scale=(2, 2))(image, blocks, 0)
    assert set(np.unique(labels)) <= set(range(5))
    # Twice as large round the centre: the middle half, each pixel twice.
    middle = blocks[6:18, 8:24].repeat(2, 0).repeat(2, 1)
    assert (labels == middle).mean() > 0.9
    assert (zoomed[..., 0] == labels * 50).mean() > 0.7


def test_zoom_out_fills_with_ignore_class():
    image = np.full((24, 32, 3), 200, np.uint8)
    labels = np.full((24, 32), 3, np.uint8)
    augment = augmentation(flip=False, scale=(0.5, 0.5), ignore_class=99)
    image, labels = augment(image, labels, 0)
    assert set(np.unique(labels)) == {3, 99}
    assert (labels[7:17, 9:23] == 3).all()
    assert (labels == 3).mean() == pytest.approx(0.25, abs=0.05)
    assert (image[labels == 99] < 200).all()
    assert (image[:5] == 0).all()


def test_colour_leaves_labels_alone():
    augment = augmentation(flip=False, colour=0.4)
    colours = RANDOM.integers(0, 256, (24, 32, 3), np.uint8)
    means = []
    for seed in range(6):
        image, labels = augment(colours, LABELS, seed)
        np.testing.assert_array_equal(labels, LABELS)
        means.append(image.mean())
    assert np.ptp(means) > 5
    gentle, _ = augmentation(flip=False, colour=0.001)(colours, LABELS, 0)
    assert np.abs(gentle.astype(int) - colours).max() <= 2


def test_depends_on_the_seed_alone():
    options = {"scale": (0.5, 2.0), "crop": (16, 16), "colour": 0.3}
    first, second = augmentation(**options), augmentation(**options)
    second(IMAGE, LABELS, 5)
    for seed in (3, (0, 1, 2, 3)):
        for part in (0, 1):
            a, b = first(IMAGE, LABELS, seed)[part], second(IMAGE, LABELS, seed)[part]
            np.testing.assert_array_equal(a, b)
    a, b = first(IMAGE, LABELS, 3)[0], first(IMAGE, LABELS, 4)[0]
    assert not np.array_equal(a, b)


def test_half_precision_policy_does_not_round():
    colours = RANDOM.integers(0, 256, (24, 32, 3), np.uint8)
    options = {"scale": (0.5, 2.0), "colour": 0.3}
    expected, _ = augmentation(**options)(colours, LABELS, 0)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        image, _ = augmentation(**options)(colours, LABELS, 0)
    finally:
        keras.config.set_dtype_policy(policy)
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("options", [{"scale": (0.4, 1)}, {"scale": (2, 1)}])
def test_bad_scale(options):
    with pytest.raises(ValueError, match="scale must be"):
        augmentation(**options)


def test_bad_colour():
    with pytest.raises(ValueError, match="colour must lie between 0 and 1, got 1.5"):
        augmentation(colour=1.5)
