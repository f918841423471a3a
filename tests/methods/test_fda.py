import pytest
import tensorflow as tf

from keras_pixda.methods import METHODS
from tests.methods import plain


@pytest.mark.usefixtures("eagerly")
def test_a_step_is_of_styled_source_images_and_with_entropy(
    start, dataset, own_settings, copy_of
):
    [phase] = METHODS["fda"].phases(start, dataset, own_settings)
    assert (phase.title, phase.steps, phase.callbacks) == ("adaptation", 7, ())
    assert phase.data is dataset
    assert phase.segmenter is start
    images, labels = dataset[0]
    network = copy_of(start)
    phase.model.train_on_batch(images, labels)
    # Half-width floor(32 * 0.1) = 3.
    source = plain.styled(images["source"], images["target"], half=3)
    with tf.GradientTape() as tape:
        logits = network(images["target"].astype("float32"), training=True)
        loss = plain.focal(labels["source"], network(source, training=True), gamma=1.5)
        loss += plain.focal(labels["target"], logits, gamma=1.5)
        loss += 0.7 * plain.entropy(logits)
    gradients = tape.gradient(loss, network.trainable_weights)
    plain.assert_moved_to(start, plain.after_sgd(network, gradients, 0.04, 3.0, 0.01))


def test_the_published_settings(settings):
    own = settings["fda"]
    assert (own.style_window, own.entropy_weight) == (0.01, 0.005)
