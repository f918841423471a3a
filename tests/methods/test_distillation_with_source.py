import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.methods import PixDAModel
from keras_pixda.methods.pixda.distillation_model import distillation_model
from keras_pixda.models import image_discriminator, pixel_discriminator
from tests.methods import plain, tiny


@pytest.fixture
def adapted():
    model = PixDAModel(
        tiny.segmenter(),
        pixel_discriminator(3, 2),
        image_discriminator(3, 2),
        FourierStyleTransfer(0.1),
    )
    model.compile(keras.optimizers.SGD(0.1))
    return model


def test_a_step_equals_the_objective_written_out(adapted):
    model = distillation_model(adapted, 0.7, with_source=True)
    student, teacher = model.segmenter, model.teacher
    # After some steps the two differ.
    student.set_weights([1.5 * w for w in student.get_weights()])
    images, labels = tiny.batch()
    before = [tf.Variable(w) for w in student.get_weights()]
    source = plain.styled(images["source"], images["target"], half=3)
    target = images["target"].astype("float32")

    def answer(weights, x):
        return tf.nn.conv2d(x / 64 - 2, weights[0], 1, "SAME") + weights[1]

    with tf.GradientTape() as tape:
        logits = answer(before, target)
        wanted = tf.nn.softmax(0.5 * answer(teacher.get_weights(), target))
        terms = {
            "source_loss": plain.focal(labels["source"], answer(before, source)),
            "target_loss": plain.focal(labels["target"], logits),
            "distillation_loss": -tf.reduce_mean(wanted * tf.nn.log_softmax(logits)),
        }
        loss = terms["source_loss"] + terms["target_loss"]
        loss += 0.7 * terms["distillation_loss"]
    gradients = tape.gradient(loss, before)
    logs = model.train_on_batch(images, labels, return_dict=True)

    assert logs.pop("loss") == pytest.approx(float(loss), rel=1e-5)
    assert logs == pytest.approx({k: float(v) for k, v in terms.items()}, rel=1e-4)
    for value, was, gradient in zip(
        student.get_weights(), before, gradients, strict=True
    ):
        np.testing.assert_allclose(value, was - 0.1 * gradient, atol=3e-6)


def test_saved_and_loaded(adapted, tmp_path):
    model = distillation_model(adapted, 0.7, with_source=True)
    model.train_on_batch(*tiny.batch())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.weight == 0.7
    assert again.style_transfer is not None
    for value, wanted in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(value, wanted)
