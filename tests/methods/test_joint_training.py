import pytest
import tensorflow as tf

from keras_pixda.methods import METHODS
from tests.methods import plain


@pytest.mark.usefixtures("eagerly")
def test_a_step_is_the_sum_of_two_losses(start, dataset, own_settings, copy_of):
    [phase] = METHODS["joint_training"].phases(start, dataset, own_settings)
    assert (phase.title, phase.steps, phase.callbacks) == ("adaptation", 7, ())
    assert phase.data is dataset
    assert phase.segmenter is start
    images, labels = dataset[0]
    network = copy_of(start)
    phase.model.train_on_batch(images, labels)
    with tf.GradientTape() as tape:
        loss = sum(
            plain.focal(
                labels[domain],
                network(images[domain].astype("float32"), training=True),
                gamma=1.5,
            )
            for domain in ("source", "target")
        )
    gradients = tape.gradient(loss, network.trainable_weights)
    plain.assert_moved_to(start, plain.after_sgd(network, gradients, 0.04, 3.0, 0.01))


def test_its_batches_can_be_done_in_parts(start, dataset, own_settings):
    method, settings = METHODS["joint_training"], own_settings.change(accumulate=2)
    method.check(start, settings)
    [phase] = method.phases(start, dataset, settings)
    assert phase.model.accumulate == 2
