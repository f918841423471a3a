import math

import numpy as np
import pytest

from keras_pixda.datasets.rare_class_sampling import RareClassSampling

# Pixels of three classes and one that does not occur, in pictures of 1000.
PIXELS = np.array(
    [
        [900, 0, 0, 0],
        [800, 150, 0, 0],
        [500, 400, 1, 0],
        [700, 200, 2, 0],
        [600, 0, 30, 0],
    ]
)
HOLDERS = {0: [0, 1, 2, 3, 4], 1: [1, 2, 3], 2: [3, 4]}


def expected_probabilities(classes, temperature):
    total = 900 + 950 + 901 + 902 + 630
    shares = {0: 3500 / total, 1: 750 / total, 2: 33 / total}
    weights = {c: math.exp((1 - shares[c]) / temperature) for c in classes}
    return {c: weights[c] / sum(weights.values()) for c in classes}


@pytest.mark.parametrize("temperature", [0.1, 0.5, 10])
def test_probabilities(temperature):
    sampling = RareClassSampling(PIXELS, 1000, temperature)
    wanted = expected_probabilities(HOLDERS, temperature)
    assert sampling.probabilities(np.arange(5)) == pytest.approx([*wanted.values(), 0])
    # Shares are the whole source's; what no kept image holds is not drawn.
    wanted = expected_probabilities([0, 1], temperature)
    assert sampling.probabilities(np.array([0, 1, 2])) == pytest.approx(
        [*wanted.values(), 0, 0]
    )


def test_drawn_images_have_the_frequencies():
    sampling = RareClassSampling(PIXELS, 1000, 0.5)
    wanted = np.zeros(5)
    for c, probability in expected_probabilities(HOLDERS, 0.5).items():
        for image in HOLDERS[c]:
            wanted[image] += probability / len(HOLDERS[c])
    count = 5000
    drawn = sampling.draw(np.arange(5), count, np.random.default_rng(0))
    seen = np.bincount(drawn, minlength=5)
    squares = (seen - count * wanted) ** 2 / (count * wanted)
    assert squares.sum() < 18.5  # Chi square, 4 degrees of freedom, 1 in 1 000.
    # The bound is one that drawing every image alike does not meet.
    alike = (seen - count / 5) ** 2 / (count / 5)
    assert alike.sum() > 100


def test_only_the_images_asked_for():
    sampling = RareClassSampling(PIXELS, 1000, 0.01)
    random = np.random.default_rng(0)
    assert set(sampling.draw(np.array([0, 3, 4]), 50, random)) == {3, 4}
    assert set(sampling.draw(np.array([0, 1, 2]), 50, random)) == {1, 2}


def test_a_few_pixels_are_not_enough():
    """0.15 % of the picture, and at least one."""
    pixels = np.array([[2999, 1], [3000, 0], [3001, 0]])
    assert RareClassSampling(pixels, 2_000_000, 1).holds.tolist() == [
        [False, False],
        [True, False],
        [True, False],
    ]
    assert RareClassSampling(pixels, 10, 1).holds[0, 1]


def test_no_temperature_is_too_low():
    sampling = RareClassSampling(PIXELS, 1000, 1e-6)
    assert sampling.probabilities(np.arange(5)).tolist() == [0, 0, 1, 0]


def test_nothing_labelled():
    with pytest.raises(ValueError, match="no source image has labelled pixels"):
        RareClassSampling(np.zeros((3, 2), int), 100, 0.1)
    sampling = RareClassSampling(np.array([[0, 0], [9, 9]]), 100, 0.1)
    with pytest.raises(ValueError, match="none of the 1 kept source images holds"):
        sampling.probabilities(np.array([0]))
