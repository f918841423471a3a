import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import augmentation

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 5, (24, 32), np.uint8)
# The image shows its labels, so that both can be compared after a change.
IMAGE = np.stack([LABELS * 50] * 3, -1)


def places(small, large):
    """Return every place where one picture is found in another."""
    windows = np.lib.stride_tricks.sliding_window_view(large, small.shape[:2], (0, 1))
    same = windows == np.moveaxis(small, (0, 1), (-2, -1))
    return set(zip(*same.all(tuple(range(2, same.ndim))).nonzero(), strict=True))


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
    found = set()
    for seed in range(20):
        image, labels = augment(IMAGE, LABELS, seed)
        assert labels.shape == (8, 12)
        np.testing.assert_array_equal(image[..., 0], labels * 50)
        found |= places(labels, LABELS)
    assert len(found) > 10
    assert len({top - left for top, left in found}) > 5
    image, labels = augmentation(flip=False, crop=(24, 32))(IMAGE, LABELS, 0)
    np.testing.assert_array_equal(labels, LABELS)
    with pytest.raises(ValueError, match=r"crop \(25, 32\) is larger"):
        augmentation(crop=(25, 32))(IMAGE, LABELS, 0)


def nearest(pixels, size):
    """Return a picture of another size, each pixel the nearest of this one."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(int)
        for new, old in zip(size, pixels.shape, strict=False)
    )
    return pixels[rows][:, columns]


@pytest.mark.parametrize("factor", [1.37, 2])
def test_zoom_in_cuts_a_window_of_the_larger_picture(factor):
    augment = augmentation(flip=False, scale=(factor, factor))
    size = round(24 * factor), round(32 * factor)
    large = nearest(LABELS, size)
    larger_image = Image.fromarray(IMAGE).resize(size[::-1], Image.Resampling.BILINEAR)
    found = set()
    for seed in range(20):
        image, labels = augment(IMAGE, LABELS, seed)
        assert image.shape == IMAGE.shape
        ((top, left),) = places(labels, large)
        found.add((top, left))
        window = np.asarray(larger_image)[top : top + 24, left : left + 32]
        # Pillow rounds positions in the window a little differently.
        assert np.abs(image.astype(int) - window).max() <= 1
    assert len({top for top, _ in found}) > 5
    assert len({left for _, left in found}) > 5


@pytest.mark.parametrize("factor", [0.5, 0.8])
def test_zoom_out_puts_a_smaller_picture_on_ignored_ground(factor):
    augment = augmentation(flip=False, scale=(factor, factor), ignore_class=99)
    size = round(24 * factor), round(32 * factor)
    small = nearest(LABELS, size)
    smaller_image = Image.fromarray(IMAGE).resize(size[::-1], Image.Resampling.BILINEAR)
    found = set()
    for seed in range(20):
        image, labels = augment(IMAGE, LABELS, seed)
        assert image.shape == IMAGE.shape
        ((top, left),) = places(small, labels)
        found.add((top, left))
        inside = np.zeros(LABELS.shape, bool)
        inside[top : top + size[0], left : left + size[1]] = True
        assert (labels[~inside] == 99).all()
        assert (image[~inside] == 0).all()
        np.testing.assert_array_equal(
            image[inside].reshape(*size, 3), np.asarray(smaller_image)
        )
    assert len({top for top, _ in found}) > 3
    assert len({left for _, left in found}) > 3


def test_scale_is_drawn_from_all_between():
    augment = augmentation(flip=False, scale=(0.25, 0.75))
    shares = [
        np.sqrt((augment(IMAGE, LABELS, seed)[1] < 255).mean()) for seed in range(200)
    ]
    assert min(shares) == pytest.approx(0.25, abs=0.03)
    assert max(shares) == pytest.approx(0.75, abs=0.03)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)


def test_scale_and_crop():
    augment = augmentation(flip=False, scale=(0.25, 2), crop=(16, 20))
    padded = 0
    for seed in range(40):
        image, labels = augment(IMAGE, LABELS, seed)
        assert labels.shape == (16, 20)
        assert image.shape == (16, 20, 3)
        assert set(np.unique(labels)) <= {0, 1, 2, 3, 4, 255}
        assert (image[labels == 255] == 0).all()
        padded += (labels == 255).any()
    assert 0 < padded < 40


def test_known_colours():
    """Brightness, contrast and saturation, each drawn in this order."""
    colours = RANDOM.integers(60, 200, (24, 32, 3), np.uint8)
    image, _ = augmentation(flip=False, colour=0.2)(colours, LABELS, 5)
    random = np.random.default_rng(5)
    random.integers(1, size=2)  # The place of the window.
    brightness = random.uniform(-0.1, 0.1) * 255
    contrast, saturation = random.uniform(0.8, 1.2, 2)
    gray = colours @ np.array([0.299, 0.587, 0.114])
    expected = gray[..., None] + saturation * (colours - gray[..., None])
    expected = gray.mean() + contrast * (expected - gray.mean()) + brightness
    assert np.abs(image - expected.clip(0, 255)).max() <= 1


def test_fill_stays_black():
    augment = augmentation(flip=True, scale=(0.5, 0.5), colour=0.9)
    for seed in range(5):
        image, labels = augment(IMAGE + 50, LABELS, seed)
        assert (image[labels == 255] == 0).all()


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


def test_arguments_are_left_alone():
    image, labels = IMAGE.copy(), LABELS.copy()
    image.flags.writeable = labels.flags.writeable = False
    for seed in range(4):
        augmentation(scale=(0.5, 2.0), crop=(16, 16), colour=0.3)(image, labels, seed)
        augmentation()(image, labels, seed)


@pytest.mark.parametrize("options", [{"scale": (0, 1)}, {"scale": (2, 1)}])
def test_bad_scale(options):
    with pytest.raises(ValueError, match="scale must be"):
        augmentation(**options)


def test_bad_colour():
    with pytest.raises(
        ValueError, match="colour must lie between 0 and 1, received 1.5"
    ):
        augmentation(colour=1.5)
