import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.datasets import few_shot_domain_dataset as few_shot
from keras_pixda.datasets import segmentation_dataset as one_domain
from keras_pixda.methods import METHODS
from tests.methods import plain


@pytest.fixture
def read_files(monkeypatch):
    """The names of the data sets whose pairs are read."""
    names, read = set(), few_shot.read_pair

    def watched(record, *args, **kwargs):
        names.add(record.name)
        return read(record, *args, **kwargs)

    monkeypatch.setattr(few_shot, "read_pair", watched)
    monkeypatch.setattr(one_domain, "read_pair", watched)
    return names


def only_phase(start, dataset, settings):
    [phase] = METHODS["source_only"].phases(start, dataset, settings)
    return phase


@pytest.mark.usefixtures("eagerly")
def test_a_step_is_plain_training_on_source_images(
    start, dataset, own_settings, copy_of, read_files
):
    phase = only_phase(start, dataset, own_settings)
    assert (phase.title, phase.steps, phase.callbacks) == ("source only", 6, ())
    assert phase.segmenter is start
    images, labels = phase.data[0]
    assert read_files == {"gta5"}
    network = copy_of(start)
    phase.model.train_on_batch(images, labels)
    with tf.GradientTape() as tape:
        logits = network(images.astype("float32"), training=True)
        loss = plain.focal(labels, logits, gamma=1.5)
    gradients = tape.gradient(loss, network.trainable_weights)
    plain.assert_moved_to(start, plain.after_sgd(network, gradients, 0.04, 3.0, 0.01))


def test_rates_decay_and_weights_may_be_averaged(start, dataset, own_settings):
    phase = only_phase(start, dataset, own_settings.change(ema=0.9, accumulate=2))
    body = phase.model.optimizer.parts[0]
    schedule = body.get_config()["learning_rate"]["config"]
    assert schedule["decay_steps"] == 50
    assert body.use_ema
    assert body.ema_momentum == 0.9
    assert phase.model.accumulate == 2


def test_the_source_is_shuffled_anew_in_each_pass(start, dataset, own_settings):
    data = only_phase(start, dataset, own_settings).data
    first = [data.batch_names(index) for index in range(len(data))]
    data.epoch = 1
    second = [data.batch_names(index) for index in range(len(data))]
    assert first != second
    assert sorted(sum(first, [])) == sorted(sum(second, []))


def test_it_augments_on_request(start, dataset, own_settings):
    (plain_images, plain_labels), (images, labels) = (
        only_phase(start, dataset, own_settings.change(source_augment=wanted)).data[0]
        for wanted in (False, True)
    )
    assert not np.array_equal(images, plain_images)
    # What a zoom out leaves around a picture is ignored.
    assert np.sum(labels == 255) > np.sum(plain_labels == 255)


def test_with_given_weights_it_has_no_steps(start, dataset, own_settings):
    settings = own_settings.change(weights="some.keras")
    assert METHODS["source_only"].plan(settings) == {"source only": 0}
    assert only_phase(start, dataset, settings).steps == 0


def test_a_network_that_is_no_segmenter_is_refused(own_settings):
    inputs = keras.Input((None, None, 3))
    logits = keras.layers.Conv2D(19, 1, activation="softmax")(inputs)
    with pytest.raises(ValueError, match="ends in the softmax"):
        METHODS["source_only"].check(keras.Model(inputs, logits), own_settings)
