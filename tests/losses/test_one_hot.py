"""Against plain NumPy on the labelled pixels alone."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import FocalLoss, OneHotLoss, focal_loss

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, (2, 4, 6)).astype("uint8")
LABELS[0, :2] = LABELS[1, 3, 1:] = 255
LOGITS = RANDOM.normal(size=(2, 4, 6, 3)).astype("float32")
LOGITS[LABELS == 255] = 50.0  # They would be noticed.
COUNTED = LABELS != 255
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
ONE_HOT = np.eye(3)[np.where(COUNTED, LABELS, 0)]
OWN = (PROBABILITIES * ONE_HOT).sum(-1)[COUNTED]


def tversky(alpha, beta, truth, found):
    both = (truth * found).sum()
    wrong = ((1 - truth) * found).sum()
    missed = (truth * (1 - found)).sum()
    return 1 - both / (both + alpha * wrong + beta * missed)


def images(function):
    """Mean over images of a function of their labelled pixels."""
    pairs = zip(ONE_HOT, PROBABILITIES, COUNTED, strict=True)
    return np.mean([function(t[c], p[c]) for t, p, c in pairs])


def classes(function):
    """Mean over images and classes."""
    return images(lambda t, p: np.mean([function(t[:, i], p[:, i]) for i in range(3)]))


DICE = functools.partial(tversky, 0.5, 0.5)
FOCAL = np.mean(0.25 * (1 - OWN) ** 2 * -np.log(OWN))
CASES = {
    "dice": (keras.losses.Dice(), DICE(ONE_HOT[COUNTED], PROBABILITIES[COUNTED])),
    "dice function": (
        keras.losses.dice,
        DICE(ONE_HOT[COUNTED], PROBABILITIES[COUNTED]),
    ),
    "dice of images": (keras.losses.Dice(axis=(1, 2, 3)), images(DICE)),
    "dice of classes": (keras.losses.Dice(axis=(1, 2)), classes(DICE)),
    "tversky": (
        keras.losses.Tversky(alpha=0.3, beta=0.7),
        tversky(0.3, 0.7, ONE_HOT[COUNTED], PROBABILITIES[COUNTED]),
    ),
    "focal": (keras.losses.CategoricalFocalCrossentropy(), FOCAL),
    "focal of logits": (
        keras.losses.CategoricalFocalCrossentropy(from_logits=True),
        FOCAL,
    ),
    "cross-entropy": ("categorical_crossentropy", -np.log(OWN).mean()),
    "of logits": (
        functools.partial(keras.losses.categorical_crossentropy, from_logits=True),
        -np.log(OWN).mean(),
    ),
    "sum": (
        keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum"),
        -np.log(OWN).sum(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_against_numpy(name):
    loss, wanted = CASES[name]
    for labels in (LABELS, LABELS.astype("int64"), LABELS[..., None] * 1.0):
        found = OneHotLoss(loss)(labels, LOGITS)
        np.testing.assert_allclose(float(found), wanted, rtol=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_ignored_pixels_have_no_gradient(name):
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = OneHotLoss(CASES[name][0])(LABELS, logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[~COUNTED].any()
    assert gradient[COUNTED].any()


def test_the_ignored_class():
    labels = np.where(COUNTED, LABELS, 254)
    loss = OneHotLoss(keras.losses.Dice(), ignore_class=254)
    np.testing.assert_allclose(float(loss(labels, LOGITS)), CASES["dice"][1], rtol=1e-5)
    with pytest.raises(ValueError, match=r"hold \[254\] in 17 of 48 pixels, expected"):
        OneHotLoss(keras.losses.Dice())(labels, LOGITS)


def test_config():
    for loss, _ in CASES.values():
        if isinstance(loss, functools.partial):
            continue  # Keras does not save those either.
        one = OneHotLoss(loss, 254, name="mine")
        config = keras.losses.serialize(one)
        again = keras.losses.deserialize(config)
        assert again.get_config() == one.get_config()
        assert again.ignore_class == 254
        assert again.reduction == one.reduction


@pytest.mark.parametrize("loss", [FocalLoss(), focal_loss, OneHotLoss("dice")])
def test_losses_of_integer_labels_are_not_wrapped(loss):
    with pytest.raises(ValueError, match="takes integer labels as it is: leave OneHot"):
        OneHotLoss(loss)
    with pytest.raises(ValueError, match="loss is None"):
        OneHotLoss(None)


def test_floats_of_64_bits_change_nothing():
    loss = OneHotLoss(keras.losses.Dice())
    expected = float(loss(LABELS, LOGITS))
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        assert float(loss(LABELS, LOGITS)) == pytest.approx(expected, rel=1e-6)
    finally:
        keras.config.set_floatx(before)
