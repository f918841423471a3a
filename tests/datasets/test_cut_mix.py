import numpy as np
import pytest

from keras_pixda.datasets import cut_mix

HEIGHT, WIDTH = 24, 32
RANDOM = np.random.default_rng(0)
# Even values are the source's, odd ones the target's, in images and labels.
SOURCE = (
    RANDOM.integers(0, 128, (HEIGHT, WIDTH, 3), np.uint8) * 2,
    RANDOM.integers(0, 9, (HEIGHT, WIDTH), np.uint8) * 2,
)
TARGET = (
    RANDOM.integers(0, 128, (HEIGHT, WIDTH, 3), np.uint8) * 2 + 1,
    RANDOM.integers(0, 9, (HEIGHT, WIDTH), np.uint8) * 2 + 1,
)
for part in (*SOURCE, *TARGET):
    part.flags.writeable = False


def pasted(mixed):
    """Return the slices of the rectangle that is the source's."""
    inside = mixed[1] % 2 == 0
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def test_a_rectangle_is_the_sources_and_the_rest_the_targets():
    mix = cut_mix(probability=1)
    for seed in range(50):
        mixed = mix(SOURCE, TARGET, seed)
        rectangle = pasted(mixed)
        for part, source, target in zip(mixed, SOURCE, TARGET, strict=True):
            expected = target.copy()
            expected[rectangle] = source[rectangle]
            assert part.dtype == np.uint8
            np.testing.assert_array_equal(part, expected)


def test_area_shape_and_place():
    mix = cut_mix(area=(0.1, 0.5), probability=1)
    found = [pasted(mix(SOURCE, TARGET, (7, seed))) for seed in range(400)]
    rows, columns = (
        np.array([[part.start, part.stop] for part in parts])
        for parts in zip(*found, strict=True)
    )
    heights, widths = np.diff(rows)[:, 0], np.diff(columns)[:, 0]
    areas = heights * widths / (HEIGHT * WIDTH)
    # Sides are whole pixels, so that the share is not exact.
    assert areas.min() > 0.08
    assert areas.max() < 0.53
    assert areas.mean() == pytest.approx(0.3, abs=0.02)
    # As often taller than the picture's own shape as flatter.
    taller = heights / HEIGHT > widths / WIDTH
    assert 0.4 < taller.mean() < 0.6
    # All over the picture, and no corner is left out.
    assert rows.min() == columns.min() == 0
    assert (rows.max(), columns.max()) == (HEIGHT, WIDTH)
    assert rows.mean() / HEIGHT == pytest.approx(0.5, abs=0.03)
    assert columns.mean() / WIDTH == pytest.approx(0.5, abs=0.03)


def test_the_whole_picture():
    mixed = cut_mix(area=(1, 1), probability=1)(SOURCE, TARGET, 0)
    for part, source in zip(mixed, SOURCE, strict=True):
        np.testing.assert_array_equal(part, source)


def test_probability():
    mix = cut_mix(probability=0.25)
    mixed = [mix(SOURCE, TARGET, seed) for seed in range(400)]
    changed = [(labels % 2 == 0).any() for _, labels in mixed]
    assert 0.18 < np.mean(changed) < 0.32
    for (image, labels), other in zip(mixed, changed, strict=True):
        if not other:
            np.testing.assert_array_equal(image, TARGET[0])
            np.testing.assert_array_equal(labels, TARGET[1])


def test_depends_on_the_seed_alone():
    first, second = (cut_mix(probability=1) for _ in range(2))
    second(SOURCE, TARGET, 5)
    places = set()
    for seed in (3, (0, 1, 2, 3), (0, 1, 2, 4)):
        a, b = first(SOURCE, TARGET, seed), second(SOURCE, TARGET, seed)
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])
        places.add(str(pasted(a)))
    assert len(places) == 3


@pytest.mark.parametrize("area", [(0, 0.5), (0.5, 0.1), (0.5, 1.1)])
def test_bad_area(area):
    with pytest.raises(ValueError, match="area must be"):
        cut_mix(area=area)


@pytest.mark.parametrize("probability", [0, 1.5])
def test_bad_probability(probability):
    with pytest.raises(ValueError, match="probability must lie"):
        cut_mix(probability=probability)


def test_sizes_must_agree():
    small = TARGET[0][:5], TARGET[1][:5]
    with pytest.raises(
        ValueError, match=r"received labels of \(24, 32\) and \(5, 32\)"
    ):
        cut_mix()(SOURCE, small, 0)
