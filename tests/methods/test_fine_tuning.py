import pytest
import tensorflow as tf

from keras_pixda.methods import METHODS
from tests.methods import plain


@pytest.mark.usefixtures("eagerly")
def test_a_step_is_plain_training_on_the_shots(start, dataset, own_settings, copy_of):
    [phase] = METHODS["fine_tuning"].phases(start, dataset, own_settings)
    # All target batches that every method may look at, in one pass.
    assert (phase.title, phase.steps, phase.callbacks) == ("adaptation", 7, ())
    assert len(phase.data) == 7
    assert phase.segmenter is start
    assert phase.data.record.name == dataset.target.name
    images, labels = phase.data[0]
    network = copy_of(start)
    phase.model.train_on_batch(images, labels)
    with tf.GradientTape() as tape:
        logits = network(images.astype("float32"), training=True)
        loss = plain.focal(labels, logits, gamma=1.5)
    gradients = tape.gradient(loss, network.trainable_weights)
    plain.assert_moved_to(start, plain.after_sgd(network, gradients, 0.04, 3.0, 0.01))


def test_it_reads_its_own_rate_and_parts(start, dataset, own_settings):
    settings = own_settings.change(accumulate=2, fine_tuning={"learning_rate": 0.5})
    [phase] = METHODS["fine_tuning"].phases(start, dataset, settings)
    assert float(phase.model.optimizer.learning_rate) == pytest.approx(0.5)
    assert phase.model.accumulate == 2
