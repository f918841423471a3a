import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import FocalLoss, focal_loss


def test_equals_the_recorded_values(reference):
    labels, logits = reference["labels"], reference["logits_nchw"]
    released = {"probability_offset": 1e-6}
    np.testing.assert_allclose(
        FocalLoss(**released)(labels, logits),
        reference["focal.without_alpha.value"],
        rtol=1e-4,
    )
    alpha = [0.75, 0.75, 0.25, 0.75, 0.75]
    np.testing.assert_allclose(
        FocalLoss(alpha=alpha, **released)(labels, logits),
        reference["focal.with_alpha.value"],
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        FocalLoss(gamma=0.0)(labels, logits),
        reference["cross_entropy.value"],
        rtol=1e-4,
    )


def test_equals_a_plain_numpy_rewrite():
    random = np.random.default_rng(1)
    labels = random.choice([0, 1, 2, 255], (2, 4, 5)).astype("uint8")
    logits = random.normal(size=(2, 4, 5, 3)).astype("float32")
    alpha, gamma, values = [0.2, 0.5, 1.5], 1.7, []
    for n, y, x in np.ndindex(labels.shape):
        label = labels[n, y, x]
        if label != 255:
            p = np.exp(logits[n, y, x].astype("float64"))
            p = (p / p.sum())[label]
            values.append(-alpha[label] * (1 - p) ** gamma * np.log(p))
    loss = FocalLoss(gamma=gamma, alpha=alpha)(labels, logits)
    np.testing.assert_allclose(loss, np.mean(values), rtol=1e-5)


def test_certain_and_hopeless_pixels_have_finite_gradients():
    labels = np.array([[[0, 0]]])
    logits = tf.constant([[[[200.0, 0.0], [0.0, 200.0]]]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = FocalLoss()(labels, logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(gradient).all()
    assert np.abs(gradient[0, 0, 1]).min() > 0.4  # A hopeless pixel still learns.
    np.testing.assert_allclose(gradient[0, 0, 0], 0.0, atol=1e-6)


def test_ignored_pixels_do_not_count():
    labels = np.array([[[1, 255, 255, 255]]])
    logits = np.zeros((1, 1, 4, 2), dtype="float32")
    assert float(FocalLoss()(labels, logits)) == pytest.approx(np.log(2) / 4)
    assert float(FocalLoss()(np.full((1, 1, 4), 255), logits)) == 0.0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_stays_right_above_65504_pixels(dtype):
    labels = np.zeros((1, 300, 300), dtype="uint8")
    logits = tf.zeros((1, 300, 300, 2), dtype)
    loss = FocalLoss()(labels, logits)
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(np.log(2) / 4, rel=1e-5)


def test_wrong_labels_are_named_and_never_zero():
    logits = np.zeros((1, 2, 2, 3), dtype="float32")
    with pytest.raises(ValueError, match=r"labels hold \[7\] in 1 of 4 pixels"):
        focal_loss(np.array([[[0, 7], [1, 255]]]), logits)

    @tf.function(jit_compile=True)
    def compiled(labels):
        return FocalLoss()(labels, logits)

    assert np.isnan(compiled(tf.constant([[[0, 7], [1, 255]]])))
    assert np.isfinite(compiled(tf.constant([[[0, 2], [1, 255]]])))


def test_bad_arguments_are_named():
    logits = np.zeros((1, 2, 2, 3), dtype="float32")
    with pytest.raises(ValueError, match="alpha must be one number or 3 numbers"):
        focal_loss(np.zeros((1, 2, 2)), logits, alpha=[1.0, 2.0])
    with pytest.raises(ValueError, match="labels are 2 x 4 pixels"):
        focal_loss(np.zeros((1, 2, 4)), logits)
    with pytest.raises(ValueError, match="gamma must not be negative"):
        FocalLoss(gamma=-1.0)
    with pytest.raises(ValueError, match="have the shape"):
        focal_loss(np.zeros((2, 2)), logits)


def test_config_round_trip():
    loss = FocalLoss(1.0, [0.5, 1.0], 0, 1e-6, name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config()
