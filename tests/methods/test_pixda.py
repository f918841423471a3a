import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.callbacks import SampleSelection
from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.methods import METHODS
from keras_pixda.methods.pixda.distillation_with_source import DistillationWithSource
from tests.methods import plain


@pytest.fixture
def phases(start, dataset, own_settings):
    return METHODS["pixda"].phases(start, dataset, own_settings)


def domain_losses(discriminator, source, target):
    maps = [tf.nn.softmax(logits.numpy()) for logits in (source, target)]
    return sum(
        plain.against(discriminator(x, training=True), domain)
        for domain, x in enumerate(maps)
    )


@pytest.mark.usefixtures("eagerly")
def test_a_step_of_adaptation(phases, start, dataset, copy_of):
    phase = next(phases)
    assert (phase.title, phase.steps) == ("adaptation", 5)
    assert phase.data is dataset
    assert phase.segmenter is start
    images, labels = dataset[0]
    names = ("discriminator", "image_discriminator")
    network, *judges = map(copy_of, (start, *(getattr(phase.model, n) for n in names)))
    assert judges[1].output_shape == (None, None, None, 1)
    phase.model.train_on_batch(images, labels)

    # Half-width floor(32 * 0.1) = 3.
    source = plain.styled(images["source"], images["target"], half=3)
    with tf.GradientTape(persistent=True) as tape:
        source_logits = network(source, training=True)
        target_logits = network(images["target"].astype("float32"), training=True)
        answers = judges[0](tf.nn.softmax(target_logits), training=True)
        loss = plain.focal(labels["source"], source_logits, gamma=1.5)
        loss += plain.focal(labels["target"], target_logits, gamma=1.5)
        loss += 0.6 * plain.pix_adv(labels["target"], target_logits, answers)
        teaching = [domain_losses(j, source_logits, target_logits) for j in judges]
    gradients = tape.gradient(loss, network.trainable_weights)
    plain.assert_moved_to(start, plain.after_sgd(network, gradients, 0.04, 3.0, 0.01))
    for judge, name, loss in zip(judges, names, teaching, strict=True):
        assert judge.weights[0].shape[-1] == 2  # As the settings say.
        gradients = tape.gradient(loss, judge.trainable_weights)
        moved = getattr(phase.model, name)
        plain.assert_moved_to(moved, plain.after_adam(judge, gradients, 0.003))


def test_adaptation_selects(phases, dataset):
    [selection] = next(phases).callbacks
    assert isinstance(selection, SampleSelection)
    assert selection.dataset is dataset
    assert (selection.threshold, selection.growth, selection.every) == (0.5, 0.25, 3)
    assert selection.least == 0.0


def test_options_reach_selection_and_distillation(start, dataset, own_settings):
    options = {"least_kept": 0.5, "distillation_source": True}
    options["distillation_agreement"] = 0.9
    settings = own_settings.change(
        **options, adversarial_share=0.2, measure_gradients=True
    )
    adaptation, distillation = METHODS["pixda"].phases(start, dataset, settings)
    assert adaptation.callbacks[0].least == 0.5
    assert adaptation.model.adversarial_share == 0.2
    assert adaptation.model.measure_gradients
    assert isinstance(distillation.model, DistillationWithSource)
    assert distillation.model.weight == 0.8
    assert distillation.data is dataset
    assert [end.agreement for end in distillation.callbacks] == [0.9]
    assert distillation.model.optimizer is adaptation.model.optimizer


@pytest.mark.usefixtures("eagerly")
def test_a_step_of_distillation_goes_on_from_adaptation(
    phases, start, dataset, copy_of
):
    adaptation = next(phases)
    adaptation.model.train_on_batch(*dataset[0])
    teacher, network = copy_of(start), copy_of(start)
    before = adaptation.model.optimizer.variables
    velocities = {
        v.path.removesuffix("_momentum").split("/", 1)[1]: v.numpy().copy()
        for part in adaptation.model.optimizer.parts
        for v in part.momentums
    }
    phase = next(phases)
    assert (phase.title, phase.steps, phase.callbacks) == ("distillation", 2, ())
    assert len(phase.data) == 2
    assert phase.segmenter is start
    assert phase.model.optimizer is adaptation.model.optimizer
    assert int(phase.model.optimizer.iterations) == 1  # The schedule runs on.
    assert not phase.model.teacher.trainable_weights
    assert len(phase.model.optimizer.variables) == len(before)
    images, labels = phase.data[0]
    assert phase.data.record.name == dataset.target.name
    phase.model.train_on_batch(images, labels)

    images = images.astype("float32")
    with tf.GradientTape() as tape:
        logits = network(images, training=True)
        wanted = tf.nn.softmax(0.5 * teacher(images, training=False))
        held = -tf.reduce_mean(wanted * tf.nn.log_softmax(logits))
        loss = plain.focal(labels, logits, gamma=1.5) + 0.8 * held
    gradients = tape.gradient(loss, network.trainable_weights)
    rate = 0.04 * (1 - 1 / 50) ** 0.9
    expected = []
    for weight, gradient in zip(network.trainable_weights, gradients, strict=True):
        own_rate = rate * (3.0 if "head" in weight.path else 1.0)
        velocity = velocities[weight.path.replace("/", "_")]
        velocity = 0.9 * velocity + gradient + 0.01 * weight
        expected.append((weight.path, weight - own_rate * velocity))
    plain.assert_moved_to(start, expected)
    assert next(phases, None) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"adversarial": "surprise"}, {"maps": ("surprise",)}),
        ({"adversarial": "imbalance"}, {"maps": ("imbalance",)}),
        (
            {"adversarial": "image"},
            {"maps": (), "name": "enlarged_image_discriminator"},
        ),
        ({"detach": False}, {"detach": False}),
        ({"style_transfer": False}, {"styled": False}),
        ({"selection": False}, {"callbacks": 0}),
        ({"accumulate": 2}, {"accumulate": 2}),
    ],
)
def test_each_variant_changes_one_thing(
    start, dataset, own_settings, changes, expected
):
    phase = next(
        METHODS["pixda"].phases(start, dataset, own_settings.change(**changes))
    )
    loss = phase.model.adversarial_loss
    found = {
        "maps": tuple(loss.maps),
        "detach": loss.detach,
        "styled": isinstance(phase.model.style_transfer, FourierStyleTransfer),
        "callbacks": len(phase.callbacks),
        "name": phase.model.discriminator.name,
        "accumulate": phase.model.accumulate,
    }
    usual = {
        "maps": ("surprise", "imbalance"),
        "detach": True,
        "styled": True,
        "callbacks": 1,
        "name": "pixel_discriminator",
        "accumulate": 1,
    }
    assert found == {**usual, **expected}


def test_without_distillation_its_phase_is_left_out(start, dataset, own_settings):
    settings = own_settings.change(distillation_steps=0)
    method = METHODS["pixda"]
    assert method.plan(settings) == {"adaptation": 5, "distillation": 0}
    _, distillation = method.phases(start, dataset, settings)
    assert distillation.steps == 0
    assert distillation.segmenter is start
    assert np.all([method.accumulates, method.has_shots])
