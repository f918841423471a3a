import keras
import numpy as np
import tensorflow as tf

from keras_pixda.losses import DistillationLoss


def test_equals_the_recorded_value(reference):
    loss = DistillationLoss(0.5)(
        reference["kd.teacher_logits_nchw"], reference["logits_nchw"]
    )
    np.testing.assert_allclose(loss, reference["kd.alpha0.5.value"], rtol=1e-4)


def test_equals_a_plain_numpy_rewrite():
    random = np.random.default_rng(0)
    teacher, student = random.normal(size=(2, 1, 3, 4, 5))

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(-1, keepdims=True)

    expected = -np.mean(softmax(0.7 * teacher) * np.log(softmax(student)))
    np.testing.assert_allclose(
        DistillationLoss(0.7)(teacher, student), expected, rtol=1e-5
    )


def test_the_teacher_gets_no_gradient():
    teacher, student = (
        tf.Variable(tf.ones((1, 2, 2, 3))),
        tf.Variable(tf.random.normal((1, 2, 2, 3))),
    )
    with tf.GradientTape() as tape:
        loss = DistillationLoss()(teacher, student)
    gradients = tape.gradient(loss, [teacher, student])
    assert gradients[0] is None
    assert np.abs(gradients[1]).max() > 0


def test_half_precision_gives_float32():
    logits = tf.zeros((1, 300, 300, 4), "float16")
    loss = DistillationLoss()(logits, logits)
    assert loss.dtype == tf.float32
    np.testing.assert_allclose(loss, np.log(4) / 4, rtol=1e-5)


def test_config_round_trip():
    config = keras.saving.serialize_keras_object(DistillationLoss(alpha=0.25))
    assert keras.saving.deserialize_keras_object(config).alpha == 0.25
