import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import DistillationLoss, FocalLoss
from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.optimizers import published_optimizers
from keras_pixda.training import DistillationModel


def segmenter():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 128, -1.0)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same")(x))


def batch(seed=0):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (2, 32, 32, 3)).astype("float32")
    return images, random.choice([0, 1, 2, 255], (2, 32, 32)).astype("uint8")


def test_one_step_equals_the_objective_written_out():
    student, teacher = segmenter(), segmenter()
    kernel, bias = (tf.Variable(w) for w in student.get_weights())
    model = DistillationModel(student, teacher, DistillationLoss(0.5), weight=0.5)
    model.compile(keras.optimizers.SGD(0.1), loss=FocalLoss())
    images, labels = batch()
    logs = model.train_on_batch(images, labels, return_dict=True)
    with tf.GradientTape() as tape:
        logits = tf.nn.conv2d(images / 128 - 1, kernel, 1, "SAME") + bias
        soft = tf.nn.softmax(0.5 * teacher(images))
        kept = -tf.reduce_mean(soft * tf.nn.log_softmax(logits))
        loss = FocalLoss()(labels, logits) + 0.5 * kept
    for variable, gradient, value in zip(
        (kernel, bias),
        tape.gradient(loss, (kernel, bias)),
        student.get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(value, variable - 0.1 * gradient, atol=1e-6)
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    assert logs["distillation_loss"] == pytest.approx(float(kept), rel=1e-5)


def test_distill_trains_the_segmenter_alone_and_the_schedule_runs_on():
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile(**published_optimizers(decay_steps=100, head=None))
    images, labels = batch()
    both = {"source": images, "target": images}, {"source": labels, "target": labels}
    model.train_on_batch(*both)
    before = [
        network.get_weights() for network in (model.segmenter, model.discriminator)
    ]
    history = model.distill(_Dataset(), verbose=0).history
    assert set(history) == {"loss", "distillation_loss"}
    assert int(model.optimizer.iterations) == 3
    after = [
        network.get_weights() for network in (model.segmenter, model.discriminator)
    ]
    assert not np.array_equal(before[0][0], after[0][0])
    for old, new in zip(before[1], after[1], strict=True):
        np.testing.assert_array_equal(old, new)
    model.train_on_batch(*both)  # Adaptation could go on.


class _Dataset(keras.utils.PyDataset):
    """Two target batches; a data set with domains gives them on request."""

    def __init__(self):
        super().__init__()

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return batch(index)


def test_distill_takes_the_target_of_a_few_shot_data_set():
    class FewShot:
        def target_dataset(self, steps):
            assert steps == 7
            return _Dataset()

    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile("sgd", "sgd")
    model.distill(FewShot(), steps=7, verbose=0)
    assert int(model.optimizer.iterations) == 2


def test_works_in_half_precision(dtype_policy):
    dtype_policy("mixed_float16")
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile("sgd", "sgd")
    history = model.distill(_Dataset(), verbose=0).history
    assert np.isfinite(history["loss"]).all()
