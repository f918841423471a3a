"""What `PixDAModel` measures of PixAdv's gradient, against gradients by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from tests.methods import plain, tiny

MEASURED = {"gradient_share", "discriminator_accuracy"}


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    model = PixDAModel(
        tiny.segmenter(), pixel_discriminator(3, 4), image_discriminator(3, 4), False
    )
    for network in (model.discriminator, model.segmenter):
        network.set_weights([2 * w for w in network.get_weights()])
    return model


def compiled(model, **options):
    rates = map(keras.optimizers.SGD, (0.1, 0.0, 0.0))
    model.compile(*rates, adversarial_weight=0.7, **options)
    return model


def gradients_by_hand(model, images, labels):
    """Of the segmentation losses, of the weighted PixAdv loss; and the accuracy."""
    with tf.GradientTape(persistent=True) as tape:
        on_source, on_target = (
            model.segmenter(images[d].astype("float32")) for d in ("source", "target")
        )
        answer = model.discriminator(tf.nn.softmax(on_target))
        segmentation = plain.focal(labels["source"], on_source)
        segmentation += plain.focal(labels["target"], on_target)
        adversarial = 0.7 * plain.pix_adv(labels["target"], on_target, answer)
    weights = model.segmenter.trainable_variables
    told = model.discriminator(tf.nn.softmax(on_source))
    accuracy = (np.mean(told <= 0) + np.mean(answer > 0)) / 2
    return *(tape.gradient(x, weights) for x in (segmentation, adversarial)), accuracy


def assert_moved(model, before, *gradients):
    now = model.segmenter.get_weights()
    for old, new, *parts in zip(before, now, *gradients, strict=True):
        np.testing.assert_allclose(new, old - 0.1 * sum(parts), atol=3e-6)


def norm(gradients):
    return np.sqrt(sum(np.sum(np.square(g)) for g in gradients))


@pytest.mark.parametrize("accumulate", [1, 2])
def test_share_and_accuracy(model, accumulate):
    images, labels = tiny.batch()
    segmentation, adversarial, accuracy = gradients_by_hand(model, images, labels)
    compiled(model, measure_gradients=True, accumulate=accumulate)
    before = model.segmenter.get_weights()
    logs = model.train_on_batch(images, labels, return_dict=True)
    share = norm(adversarial) / norm(segmentation)
    assert logs["gradient_share"] == pytest.approx(share, rel=1e-4)
    assert logs["discriminator_accuracy"] == pytest.approx(accuracy, rel=1e-5)
    assert_moved(model, before, segmentation, adversarial)


def test_a_share_that_is_held(model):
    images, labels = tiny.batch()
    segmentation, adversarial, _ = gradients_by_hand(model, images, labels)
    compiled(model, adversarial_share=0.5)
    before = model.segmenter.get_weights()
    logs = model.train_on_batch(images, labels, return_dict=True)
    share = norm(adversarial) / norm(segmentation)
    assert logs["gradient_share"] == pytest.approx(share, rel=1e-4)
    factor = 0.5 / share
    assert abs(factor - 1) > 0.1
    assert_moved(model, before, segmentation, [factor * g for g in adversarial])


def test_without_an_adversarial_gradient_nothing_breaks(model):
    compiled(model, adversarial_share=0.5)
    model.adversarial_weight = 0.0
    logs = model.train_on_batch(*tiny.batch(), return_dict=True)
    assert logs["gradient_share"] == 0
    assert all(np.isfinite(w).all() for w in model.segmenter.get_weights())


def test_only_where_it_is_asked_for(model):
    names = {tracker.name for tracker in compiled(model).metrics}
    assert not names & MEASURED
    measured = compiled(model, measure_gradients=True)
    assert {tracker.name for tracker in measured.metrics} >= MEASURED
    config = measured.get_compile_config()
    assert config["measure_gradients"] is True
    # Of an evaluation they are no part, as the losses' terms are not.
    images, labels = tiny.batch()
    results = model.evaluate(
        images["target"], labels["target"], verbose=0, return_dict=True
    )
    assert not {*results} & MEASURED
    assert not {tracker.name for tracker in compiled(model).metrics} & MEASURED
