"""The losses of any labels and logits equal a plain NumPy rewrite and stay finite."""

import math

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keras_pixda.losses import (
    DistillationLoss,
    EntropyLoss,
    FocalLoss,
    PixAdvLoss,
    class_imbalance,
    distillation_loss,
    domain_loss,
    domain_losses,
    entropy_loss,
    focal_loss,
    pix_adv_loss,
    pixel_cross_entropy,
)

IGNORED = 255
SCORES = st.floats(-50, 50, width=32)
CLOSE = {"rtol": 2e-4, "atol": 2e-4}


@st.composite
def labelled(draw):
    """Labels, some of them ignored, and logits of as many pixels."""
    classes = draw(st.integers(2, 5))
    shape = draw(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 4)))
    known = st.sampled_from([*range(classes), IGNORED])
    return (
        draw(arrays(np.uint8, shape, elements=known)),
        draw(arrays(np.float32, (*shape, classes), elements=SCORES)),
    )


def log_probabilities(logits):
    logits = logits.astype("float64")
    logits = logits - logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def cross_entropy(labels, logits):
    found = log_probabilities(logits)
    result = np.zeros(labels.shape)
    for place in np.ndindex(labels.shape):
        if labels[place] != IGNORED:
            result[place] = -found[place][labels[place]]
    return result


def imbalance(labels, average_over="all"):
    result = np.zeros(labels.shape)
    for n, y, x in np.ndindex(labels.shape):
        image = labels[n]
        pixels = image.size
        if average_over == "labelled":
            pixels = max((image != IGNORED).sum(), 1)
        result[n, y, x] = max(1 - (image == image[y, x]).sum() / pixels, 0)
    return result


def binary_cross_entropy(logits, domain):
    """Written out: `-log(sigmoid)` of the domain that is meant."""
    logits = logits.astype("float64")
    return np.logaddexp(0, -logits) if domain else np.logaddexp(0, logits)


def mean_over_labelled(values, labels):
    return values.sum() / max((labels != IGNORED).sum(), 1)


@given(labelled())
def test_cross_entropy(pair):
    labels, logits = pair
    found = pixel_cross_entropy(labels, logits)
    np.testing.assert_allclose(found, cross_entropy(labels, logits), **CLOSE)


@given(labelled(), st.sampled_from([0, 0.5, 1, 2, 5]), st.sampled_from([0, 1e-6]))
def test_focal(pair, gamma, offset):
    labels, logits = pair
    alpha = np.linspace(0.25, 1, logits.shape[-1])
    expected = np.zeros(labels.shape)
    for place in np.ndindex(labels.shape):
        if labels[place] != IGNORED:
            log_p = log_probabilities(logits)[place][labels[place]]
            if offset:
                log_p = math.log(math.exp(log_p) + offset)
            uncertain = max(-math.expm1(log_p), 1e-7)
            expected[place] = -alpha[labels[place]] * uncertain**gamma * log_p
    options = {"gamma": gamma, "alpha": alpha.tolist(), "probability_offset": offset}
    np.testing.assert_allclose(focal_loss(labels, logits, **options), expected, **CLOSE)
    mean = FocalLoss(**options)(labels, logits)
    np.testing.assert_allclose(mean, mean_over_labelled(expected, labels), **CLOSE)


@given(labelled(), st.sampled_from([0.5, 1, 2, 3]))
def test_entropy(pair, eta):
    labels, logits = pair
    log_p = log_probabilities(logits)
    share = -(np.exp(log_p) * log_p).sum(-1) / math.log(logits.shape[-1])
    expected = (share**2 + 1e-8) ** eta
    np.testing.assert_allclose(entropy_loss(logits, eta), expected, **CLOSE)
    found = EntropyLoss(eta)(labels, logits)
    np.testing.assert_allclose(found, expected.mean(), **CLOSE)


@given(labelled(), st.floats(0, 2), st.randoms(use_true_random=False))
def test_distillation(pair, alpha, random):
    _, student = pair
    teacher = student * np.float32(random.uniform(-1, 1)) + np.float32(random.random())
    soft = np.exp(log_probabilities(np.float64(alpha) * teacher))
    expected = -(soft * log_probabilities(student)).mean(-1)
    found = distillation_loss(teacher, student, alpha)
    np.testing.assert_allclose(found, expected, **CLOSE)
    found = DistillationLoss(alpha)(teacher, student)
    np.testing.assert_allclose(found, expected.mean(), **CLOSE)


@given(*[arrays(np.float32, (2, 2, 3, 1), elements=st.floats(-1e4, 1e4, width=32))] * 2)
def test_domain(source, target):
    for domain in (0, 1):
        np.testing.assert_allclose(
            domain_loss(source, domain), binary_cross_entropy(source, domain), **CLOSE
        )
    np.testing.assert_allclose(
        domain_losses(source, target),
        [
            binary_cross_entropy(source, 0).mean() / 2,
            binary_cross_entropy(target, 1).mean() / 2,
        ],
        **CLOSE,
    )


@given(labelled(), st.sampled_from(["all", "labelled"]))
def test_imbalance(pair, average_over):
    labels, _ = pair
    found = class_imbalance(labels, average_over=average_over)
    np.testing.assert_allclose(found, imbalance(labels, average_over), atol=1e-6)


@given(
    labelled(),
    st.sampled_from([0, 1]),
    st.sampled_from(["all", "labelled"]),
    st.sampled_from([("surprise", "imbalance"), ("surprise",), ("imbalance",), ()]),
    st.data(),
)
def test_pix_adv(pair, fool, average_over, maps, data):
    labels, logits = pair
    domain = data.draw(arrays(np.float32, (*labels.shape, 1), elements=SCORES))
    expected = binary_cross_entropy(domain[..., 0], fool) * (labels != IGNORED)
    if "surprise" in maps:
        expected *= cross_entropy(labels, logits)
    if "imbalance" in maps:
        expected *= imbalance(labels, average_over)
    options = {"fool": fool, "average_over": average_over, "maps": maps}
    found = pix_adv_loss(labels, logits, domain, **options)
    np.testing.assert_allclose(found, expected, **CLOSE)
    mean = expected.mean()
    if average_over == "labelled":
        mean = mean_over_labelled(expected, labels)
    found = PixAdvLoss(**options)(labels, (logits, domain))
    np.testing.assert_allclose(found, mean, **CLOSE)


@given(labelled(), st.sampled_from([0.5, 2.0]), st.sampled_from([1, 1e3, 1e30]))
def test_gradients_of_any_finite_logits_are_finite(pair, gamma, scale):
    labels, logits = pair
    logits = tf.constant(logits * np.float32(scale / 50))
    domain = logits[..., :1]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        losses = (
            FocalLoss(gamma)(labels, logits),
            EntropyLoss()(labels, logits),
            DistillationLoss()(logits[..., ::-1], logits),
            PixAdvLoss(detach=False)(labels, (logits, domain / scale)),
        )
    for loss in losses:
        assert np.isfinite(loss).all()
        assert np.isfinite(tape.gradient(loss, logits)).all()
