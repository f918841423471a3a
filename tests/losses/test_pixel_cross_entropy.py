"""The cross-entropy of pixels against a plain rewrite, and the means over it."""

import keras
import numpy as np
import pytest

from keras_pixda.losses import pixel_cross_entropy
from keras_pixda.losses.pixel_cross_entropy import mean_over_labelled, number_labelled


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    labels = random.choice([0, 1, 2, 255], (2, 4, 5)).astype("uint8")
    return labels, random.normal(size=(2, 4, 5, 3)).astype("float32")


@pytest.mark.parametrize("channel", [False, True])
def test_equals_a_plain_numpy_rewrite(batch, channel):
    labels, logits = batch
    expected = np.zeros(labels.shape)
    for place in np.ndindex(labels.shape):
        if labels[place] != 255:
            p = np.exp(logits[place].astype("float64"))
            expected[place] = -np.log(p[labels[place]] / p.sum())
    given = labels[..., None] if channel else labels
    values = pixel_cross_entropy(given, logits)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-7)


def test_half_precision_logits_give_a_float32_map(batch):
    labels, logits = batch
    half = keras.ops.cast(logits, "bfloat16")
    values = pixel_cross_entropy(labels, half)
    assert values.dtype == "float32"
    plain = pixel_cross_entropy(labels, keras.ops.cast(half, "float32"))
    np.testing.assert_array_equal(values, plain)


def test_means_are_over_labelled_pixels(batch):
    labels, logits = batch
    values = pixel_cross_entropy(labels, logits)
    counted = (labels != 255).sum()
    assert number_labelled(labels, 255) == counted
    scaled = mean_over_labelled(values, labels, 255)
    mean = np.sum(values) / counted
    np.testing.assert_allclose(np.mean(scaled), mean, rtol=1e-6)


def test_a_label_or_size_that_does_not_fit_is_refused(batch):
    labels, logits = batch
    with pytest.raises(ValueError, match=r"labels hold \[255\]"):
        pixel_cross_entropy(labels, logits, ignore_class=None)
    with pytest.raises(ValueError, match=r"labels are 4 x 5 pixels .* are 4 x 4"):
        pixel_cross_entropy(labels, logits[:, :, :4])
    with pytest.raises(ValueError, match="if they are one-hot, take"):
        pixel_cross_entropy(np.eye(3)[np.zeros((2, 4, 5), int)], logits)
