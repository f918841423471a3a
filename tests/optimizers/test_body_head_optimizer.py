"""Rates that are read and set as in plain Keras, the head's a multiple."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.optimizers import (
    BodyHeadOptimizer,
    CoupledSGD,
    ScaledSchedule,
    SharedLossScaleOptimizer,
    published_optimizers,
)

SCHEDULES = {
    "cosine": keras.optimizers.schedules.CosineDecay(0.1, 4),
    "steps": keras.optimizers.schedules.PiecewiseConstantDecay(
        [1, 3], [0.1, 0.01, 0.0]
    ),
    "exponential": keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5),
}
KINDS = {
    "sgd": keras.optimizers.SGD(momentum=0.5, nesterov=True),
    "adamw": keras.optimizers.AdamW(weight_decay=0.01, clipnorm=1.0),
    "rmsprop": keras.optimizers.RMSprop,
    "adam": "adam",
    "lion": keras.optimizers.Lion(beta_1=0.5),
    "coupled": CoupledSGD(momentum=0.3),
}
PLAIN = {
    "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=0.5, nesterov=True),
    "adamw": lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.01, clipnorm=1.0),
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "lion": lambda rate: keras.optimizers.Lion(rate, beta_1=0.5),
    "coupled": lambda rate: CoupledSGD(rate, momentum=0.3),
}


def variables():
    return [
        keras.Variable(np.array(value, "float32"), name=name)
        for name, value in (("body", [1.0, -2.0]), ("head", [3.0, 0.5]))
    ]


def trained(optimizer, steps=4, chosen=slice(None)):
    """The variables after some steps of fixed gradients."""
    both = variables()[chosen]
    optimizer.build(both)
    for step in range(steps):
        gradients = [np.full(2, 0.1 * (step + 1), "float32") for _ in both]
        optimizer.apply([tf.constant(g) for g in gradients], both)
    return [v.numpy() for v in both]


def rates(optimizer):
    """Of the body and of the head."""
    parts = getattr(optimizer, "inner_optimizer", optimizer).parts
    assert parts[0].learning_rate == optimizer.learning_rate
    return [float(part.learning_rate) for part in parts]


@pytest.mark.parametrize(
    ("kind", "rate"),
    [(kind, "number") for kind in KINDS] + [("adamw", rate) for rate in SCHEDULES],
)
def test_any_optimizer_and_rate_equals_two_of_plain_keras(kind, rate):
    rate = SCHEDULES.get(rate, 0.05)
    optimizer = published_optimizers(
        rate, decay_steps=None, head_factor=3.0, optimizer=KINDS[kind]
    )["optimizer"]
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(optimizer)
    )
    assert again.get_config() == optimizer.get_config()
    body = trained(PLAIN[kind](rate), chosen=slice(0, 1))
    faster = 3.0 * rate if rate == 0.05 else ScaledSchedule(rate, 3.0)
    head = trained(PLAIN[kind](faster), chosen=slice(1, 2))
    for built in (optimizer, again):
        for value, expected in zip(trained(built), [*body, *head], strict=True):
            np.testing.assert_allclose(value, expected, rtol=1e-6)
    now = rate if rate == 0.05 else rate(4)
    np.testing.assert_allclose(rates(optimizer), [now, 3.0 * now], rtol=1e-6)


@pytest.mark.parametrize("wrap", [lambda o: o, SharedLossScaleOptimizer])
@pytest.mark.parametrize("value", [0.002, 0.0])
def test_the_rate_is_set_and_the_head_keeps_its_factor(wrap, value):
    optimizer = wrap(published_optimizers(0.01, decay_steps=None)["optimizer"])
    np.testing.assert_allclose(rates(optimizer), [0.01, 0.1], rtol=1e-6)
    optimizer.learning_rate = value
    np.testing.assert_allclose(rates(optimizer), [value, 10 * value], rtol=1e-6)
    optimizer.learning_rate = 0.003
    np.testing.assert_allclose(rates(optimizer), [0.003, 0.03], rtol=1e-6)
    optimizer.learning_rate = SCHEDULES["cosine"]
    np.testing.assert_allclose(rates(optimizer), [0.1, 1.0], rtol=1e-6)


def test_a_schedule_refuses_to_be_set_as_in_plain_keras():
    for optimizer in (
        published_optimizers(0.01)["optimizer"],
        published_optimizers(SCHEDULES["cosine"])["optimizer"],
        SharedLossScaleOptimizer(published_optimizers(0.01)["optimizer"]),
    ):
        before = rates(optimizer)
        with pytest.raises(TypeError, match="created with a `LearningRateSchedule`"):
            optimizer.learning_rate = 0.1
        assert rates(optimizer) == before


# === In a model ===


def pixda(policy="float32", **arguments):
    """A tiny model; eagerly its few steps take less than tracing one."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        inputs = keras.Input((None, None, 3))
        x = keras.layers.Rescaling(1 / 255)(inputs)
        x = keras.layers.Conv2D(3, 1, name="body")(x)
        segmenter = keras.Model(inputs, keras.layers.Conv2D(3, 1, name="head")(x))
        judges = pixel_discriminator(3, 2), image_discriminator(3, 2)
        model = PixDAModel(segmenter, *judges)
    finally:
        keras.config.set_dtype_policy("float32")
    arguments = {"decay_steps": None, **arguments}
    model.compile(**published_optimizers(**arguments), run_eagerly=True)
    return model


def batch():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (4, 32, 48, 3)).astype("uint8")
    labels = random.integers(0, 3, (4, 4, 6)).repeat(8, 1).repeat(8, 2)
    both = images[:2], images[2:]
    maps = labels[:2].astype("uint8"), labels[2:].astype("uint8")
    names = "source", "target"
    return dict(zip(names, both, strict=True)), dict(zip(names, maps, strict=True))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_callbacks_of_keras_set_the_rate(policy):
    model = pixda(policy)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(*batch(), epochs=2, verbose=0, callbacks=[halve]).history
    np.testing.assert_allclose(history["learning_rate"], [5e-4, 2.5e-4], rtol=1e-6)
    np.testing.assert_allclose(rates(model.optimizer), [2.5e-4, 2.5e-3], rtol=1e-6)
    plateau = keras.callbacks.ReduceLROnPlateau(
        "loss", 0.1, patience=1, min_delta=1e9, min_lr=1e-5
    )
    model.fit(*batch(), epochs=3, verbose=0, callbacks=[plateau])
    np.testing.assert_allclose(rates(model.optimizer), [1e-5, 1e-4], rtol=1e-5)
    fixed = keras.callbacks.LearningRateScheduler(lambda epoch: 3e-3)
    model.fit(*batch(), verbose=0, callbacks=[fixed])
    np.testing.assert_allclose(rates(model.optimizer), [3e-3, 3e-2], rtol=1e-5)


def test_callbacks_of_keras_are_refused_by_a_schedule():
    model = pixda(decay_steps=100)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    with pytest.raises(TypeError, match="decay_steps=None"):
        model.fit(*batch(), verbose=0, callbacks=[halve])


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("optimizer", [None, "adamw"])
def test_a_saved_model_goes_on_with_the_rate_that_was_set(tmp_path, policy, optimizer):
    model = pixda(policy, optimizer=optimizer)
    model.train_on_batch(*batch())
    model.optimizer.learning_rate = 4e-3
    model.train_on_batch(*batch())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert rates(again.optimizer) == rates(model.optimizer)
    np.testing.assert_allclose(rates(again.optimizer), [4e-3, 4e-2], rtol=1e-6)
    again.train_on_batch(*batch())
    model.train_on_batch(*batch())
    for a, b in zip(again.variables, model.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    again.optimizer.learning_rate = 1e-3
    np.testing.assert_allclose(rates(again.optimizer), [1e-3, 1e-2], rtol=1e-6)


def test_a_model_compiled_with_the_optimizer_of_keras_still_loads(tmp_path):
    """Files from before rates could be set hold `keras.optimizers.MultiOptimizer`."""
    model = pixda()
    rate = keras.optimizers.schedules.PolynomialDecay(1e-3, 100, 0.0, power=0.9)
    head = keras.optimizers.schedules.PolynomialDecay(1e-2, 100, 0.0, power=0.9)
    old = keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(
            CoupledSGD(rate, momentum=0.9, coupled_decay=5e-4, name="segmenter"),
            {
                ".*head.*": CoupledSGD(
                    head, momentum=0.9, coupled_decay=5e-4, name="segmenter_head"
                )
            },
        ),
        name="segmenter_rates",
    )
    model.compile(old, "adam", "adam", run_eagerly=True)
    new = pixda(decay_steps=100)
    optimizer = published_optimizers(decay_steps=100)["optimizer"]
    new.compile(optimizer, "adam", "adam", run_eagerly=True)
    model.train_on_batch(*batch())
    new.train_on_batch(*batch())
    model.save(tmp_path / "old.keras")
    again = keras.saving.load_model(tmp_path / "old.keras")
    assert type(again.optimizer) is keras.optimizers.MultiOptimizer
    for each in (again, new):
        each.train_on_batch(*batch())
    for a, b in zip(again.segmenter.variables, new.segmenter.variables, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


def test_its_optimizers_are_called_parts():
    optimizer = published_optimizers()["optimizer"]
    assert isinstance(optimizer, BodyHeadOptimizer)
    with pytest.raises(AttributeError, match="`parts`"):
        _ = optimizer.optimizers
