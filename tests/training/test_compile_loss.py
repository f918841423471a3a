"""Every loss means in `compile` of these models what it means in plain Keras."""

import functools
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_pixda.callbacks import PerClassIoU
from keras_pixda.losses import FocalLoss, OneHotLoss, PixAdvLoss, focal_loss
from keras_pixda.methods import FSDAModel, JointModel, NAAEModel, PixDAModel
from keras_pixda.methods.naae import naae_model
from keras_pixda.metrics import ClassIoU
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.training import SupervisedModel
from keras_pixda.training.compile_loss import loss_weight

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (4, 32, 48, 3)).astype("uint8")
LABELS = RANDOM.integers(0, 3, (4, 32, 48)).astype("uint8")
WEIGHTS = RANDOM.random((4, 32, 48)).astype("float32")
BATCH = (
    dict.fromkeys(("source", "target"), IMAGES),
    dict.fromkeys(("source", "target"), LABELS),
)
# SGD's step is in proportion to the gradient, so that a wrong sum shows.
RATE = 1.0


@keras.saving.register_keras_serializable("tests")
def my_ce(labels, logits):
    return keras.losses.sparse_categorical_crossentropy(labels, logits, True)


def scalar(labels, logits):
    return keras.ops.mean(keras.ops.square(logits)) + 0.0 * keras.ops.sum(labels)


class Own(keras.losses.Loss):
    def call(self, labels, logits):
        return my_ce(labels, logits)


sparse = functools.partial(keras.losses.SparseCategoricalCrossentropy, from_logits=True)
LOSSES = {
    "my_ce": my_ce,
    "focal_loss": focal_loss,
    "scalar": scalar,
    "partial": functools.partial(
        keras.losses.sparse_categorical_crossentropy, from_logits=True, ignore_class=1
    ),
    "FocalLoss": FocalLoss(),
    "sparse": sparse(ignore_class=2),
    "own": Own(),
    "own sum": Own(reduction="sum"),
    "own mean": Own(reduction="mean"),
    "own mean with weights": Own(reduction="mean_with_sample_weight"),
    "own unreduced": Own(reduction=None),
    "list": [my_ce],
}
# Keras adds the losses of layers to everything but a map.
REGULARIZED = [name for name in LOSSES if name != "own unreduced"]


def segmenter(name="my_ce"):
    """One convolution, with a loss of its own where Keras can add it."""
    regularizer = keras.regularizers.L2(0.1) if name in REGULARIZED else None
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(3, 3, padding="same", kernel_regularizer=regularizer),
        ]
    )


def sgd(rate=RATE):
    return keras.optimizers.SGD(rate)


def plain(name, **options):
    """Plain Keras on one domain, twice: each step has the gradient of both."""
    model = segmenter(name)
    model.compile(sgd(), LOSSES[name], **options)
    return model


def joint(name, **options):
    model = JointModel(segmenter(name))
    model.compile(sgd(RATE), LOSSES[name], **options)
    return model


def pixda(name, **options):
    model = PixDAModel(
        segmenter(name),
        pixel_discriminator(3, 4),
        image_discriminator(3, 4),
        style_transfer=False,
    )
    options = {"adversarial_weight": 0.0, **options}
    model.compile(sgd(RATE), "sgd", loss=LOSSES[name], **options)
    return model


def values(model):
    return [np.array(weight.value) for weight in model.trainable_weights]


def data_change(before, after, name):
    """What a step changed but for the regularization, which is not twice there."""
    kernel, *_ = before
    shrunk = RATE * 0.2 * kernel if name in REGULARIZED else 0 * kernel
    changes = [b - a for a, b in zip(before, after, strict=True)]
    return [changes[0] + shrunk, *changes[1:]]


def assert_twice(before, after, plain_after, name):
    """Source and target are the same, so that the update is twice that of Keras."""
    found = data_change(before, after, name)
    wanted = data_change(before, plain_after, name)
    for value, other in zip(found, wanted, strict=True):
        assert np.abs(other).max() > 0
        # Weights are float32, about 1 in size.
        np.testing.assert_allclose(value, 2 * other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "name"),
    [(joint, name) for name in LOSSES]
    + [(pixda, name) for name in ("my_ce", "sparse", "own unreduced")],
)
def test_update_and_evaluation_are_those_of_keras(make, name):
    model, wanted = make(name), plain(name)
    before = values(wanted)
    for weights in (None, WEIGHTS):
        np.testing.assert_allclose(
            model.evaluate(IMAGES, LABELS, sample_weight=weights, verbose=0),
            wanted.evaluate(IMAGES, LABELS, sample_weight=weights, verbose=0),
            rtol=1e-6,
        )
    added = sum(float(x) for x in wanted.losses)
    history = model.fit(*BATCH, batch_size=4, verbose=0).history
    plain_history = wanted.fit(IMAGES, LABELS, batch_size=4, verbose=0).history
    for term in ("source_loss", "target_loss"):
        [found], [loss] = history[term], plain_history["loss"]
        np.testing.assert_allclose(found, loss - added, rtol=1e-5)
    assert_twice(before, values(model.segmenter), values(wanted), name)


@pytest.mark.parametrize("name", ["my_ce", "FocalLoss", "own sum", "own unreduced"])
def test_naae_without_its_weights(name, monkeypatch):
    monkeypatch.setattr(
        naae_model, "pixel_weights", lambda x: keras.ops.ones_like(x[0][..., 0])
    )
    model, wanted = NAAEModel(segmenter(name)), plain(name)
    model.compile(sgd(), loss=LOSSES[name])
    before = values(wanted)
    model.train_on_batch(*BATCH)
    wanted.train_on_batch(IMAGES, LABELS)
    assert_twice(before, values(model.segmenter), values(wanted), name)


def test_naae_weighs_pixels():
    model = NAAEModel(segmenter())
    model.compile("sgd", loss=OneHotLoss(keras.losses.Dice()))
    with pytest.raises(ValueError, match=r"'dice' gives \(1,\) .* one value a pixel"):
        model.train_on_batch(*BATCH)


@pytest.mark.parametrize("name", ["partial", "sparse"])
def test_fsda_of_the_main_level(name):
    main = segmenter("own unreduced")
    auxiliary = keras.layers.Conv2D(3, 1)(main.layers[0].output)
    model = FSDAModel(keras.Model(main.inputs, [auxiliary, main.outputs[0]]))
    weights = ("auxiliary_weight", "adversarial_weight", "auxiliary_adversarial_weight")
    model.compile(
        sgd(), "sgd", loss=LOSSES[name], certainty=1.0, **dict.fromkeys(weights, 0.0)
    )
    before = values(main)
    model.train_on_batch(*BATCH)
    after = values(main)
    wanted = segmenter("own unreduced")
    wanted.compile(sgd(), LOSSES[name])
    wanted.train_on_batch(IMAGES, LABELS)
    assert_twice(before, after, values(wanted), "own unreduced")


@pytest.mark.parametrize("name", [n for n in LOSSES if n != "own mean"])
def test_parts_add_up(name):
    """One part has many ignored pixels, the other few."""
    labels = LABELS.copy()
    ignored = {"partial": 1, "sparse": 2}.get(name, 0)
    labels[:2][RANDOM.random((2, 32, 48)) < 0.8] = ignored
    batch = BATCH[0], dict.fromkeys(("source", "target"), labels)
    whole, parts = joint(name), joint(name, accumulate=2)
    found, wanted = (
        model.train_on_batch(*batch, return_dict=True) for model in (parts, whole)
    )
    assert found == pytest.approx(wanted, rel=1e-5)
    for value, other in zip(values(parts), values(whole), strict=True):
        # A sum over pixels makes steps of up to 100, whose rounding is no smaller.
        atol = 1e-6 * max(1.0, np.abs(other).max())
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=atol)


def supervised(name, **options):
    model = SupervisedModel(segmenter(name))
    model.compile(sgd(), LOSSES[name], **options)
    return model


@pytest.mark.parametrize(
    ("name", "accumulate"),
    [(name, 1) for name in LOSSES] + [(n, 4) for n in LOSSES if n != "own mean"],
)
def test_a_supervised_model_is_keras(name, accumulate):
    """Logs, updates and evaluation, with losses of layers and a weight of the loss."""
    options = {"loss_weights": [0.5], "metrics": ["sparse_categorical_accuracy"]}
    model, wanted = (
        supervised(name, accumulate=accumulate, **options),
        plain(name, **options),
    )
    same = {"batch_size": 4, "shuffle": False, "verbose": 0}
    history = model.fit(IMAGES, LABELS, epochs=2, **same).history
    plain_history = wanted.fit(IMAGES, LABELS, epochs=2, **same).history
    assert set(history) == {"loss", "sparse_categorical_accuracy"}
    for log, values_of_log in plain_history.items():
        np.testing.assert_allclose(history[log], values_of_log, rtol=1e-6)
    for value, other in zip(values(model), values(wanted), strict=True):
        # A sum over pixels makes steps of up to 100, whose rounding is no smaller.
        atol = 1e-6 * max(1.0, np.abs(other).max())
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=atol)
    np.testing.assert_allclose(
        model.evaluate(IMAGES, LABELS, batch_size=3, verbose=0),
        wanted.evaluate(IMAGES, LABELS, batch_size=3, verbose=0),
        rtol=1e-5,
    )


@pytest.mark.parametrize("name", ["my_ce", "sparse", "own with weights", "own sum"])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_supervised_model_takes_sample_weights(name, accumulate):
    name = name.replace("own with", "own mean with")
    options = {"weighted_metrics": ["sparse_categorical_accuracy"]}
    model, wanted = (
        supervised(name, accumulate=accumulate, **options),
        plain(name, **options),
    )
    if accumulate == 2 and "with weights" in name:
        with pytest.raises(ValueError, match="divides by the sample weights"):
            model.train_on_batch(IMAGES, LABELS, WEIGHTS)
        return
    found, logs = (
        x.fit(IMAGES, LABELS, sample_weight=WEIGHTS, batch_size=4, verbose=0).history
        for x in (model, wanted)
    )
    assert set(found) == set(logs)
    for log, (value,) in logs.items():
        np.testing.assert_allclose(found[log], value, rtol=1e-6)
    np.testing.assert_allclose(
        model.train_on_batch(IMAGES, LABELS, WEIGHTS),
        wanted.train_on_batch(IMAGES, LABELS, WEIGHTS),
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match="class_weight is not supported"):
        model.fit(IMAGES, LABELS, class_weight={0: 1.0})


def test_a_function_that_hides_what_it_ignores_is_not_done_in_parts():
    def hidden(labels, logits):
        return keras.losses.sparse_categorical_crossentropy(labels, logits, True, 1)

    model = JointModel(segmenter())
    model.compile("sgd", hidden, accumulate=2)
    with pytest.raises(ValueError, match=r"hidden.ignore_class = 255"):
        model.train_on_batch(*BATCH)
    hidden.ignore_class = 1
    model.compile("sgd", hidden, accumulate=2)
    model.train_on_batch(*BATCH)


@pytest.mark.parametrize("name", ["my_ce", "sparse", "own sum"])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_distillation_takes_the_same_loss(name, accumulate):
    student, wanted = segmenter(name), plain(name, loss_weights=0.5)
    model = SupervisedModel(student, keras.models.clone_model(student), weight=0.0)
    model.compile(sgd(), LOSSES[name], loss_weights=0.5, accumulate=accumulate)
    losses = [
        x.train_on_batch(IMAGES, LABELS, return_dict=True)["loss"]
        for x in (model, wanted)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for value, other in zip(values(student), values(wanted), strict=True):
        # A sum over pixels makes steps of up to 100, whose rounding is no smaller.
        atol = 1e-6 * max(1.0, np.abs(other).max())
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=atol)


def test_distill_goes_on_with_the_loss_and_its_weight():
    model = pixda("my_ce", loss_weights=0.5)
    wanted = plain("my_ce", loss_weights=0.5)
    [loss] = model.distill(
        (x for x in [(IMAGES, LABELS)]), weight=0.0, shuffle=False, verbose=0
    ).history["loss"]
    [plain_loss] = wanted.fit(IMAGES, LABELS, batch_size=4, verbose=0).history["loss"]
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-5)


# === loss_weights ===


@pytest.mark.parametrize("weights", [7.0, [7.0], {"conv2d": 7.0}, 7])
def test_loss_weights_are_those_of_keras(weights):
    model, wanted = (
        joint("my_ce", loss_weights=weights),
        plain("my_ce", loss_weights=7.0),
    )
    np.testing.assert_allclose(
        model.evaluate(IMAGES, LABELS, verbose=0),
        wanted.evaluate(IMAGES, LABELS, verbose=0),
        rtol=1e-6,
    )
    before = values(wanted)
    logs = model.train_on_batch(*BATCH, return_dict=True)
    loss = wanted.train_on_batch(IMAGES, LABELS)
    added = 0.1 * float((before[0] ** 2).sum())
    # Terms as they are, as those of several outputs in Keras; their sum weighted.
    np.testing.assert_allclose(logs["source_loss"] * 7 + added, loss, rtol=1e-5)
    np.testing.assert_allclose(logs["loss"], 2 * loss - added, rtol=1e-5)
    assert_twice(before, values(model.segmenter), values(wanted), "my_ce")


def test_loss_weights_that_mean_nothing():
    assert loss_weight({"logits": 2}) == 2.0
    with pytest.raises(ValueError, match="such as adversarial_weight"):
        loss_weight("0.1")
    with pytest.raises(ValueError, match="loss_weights holds 2 entries"):
        joint("my_ce", loss_weights=[1.0, 0.1])


# === Names and files ===


@pytest.mark.parametrize("name", ["focal_loss", "FocalLoss", "tests>my_ce"])
def test_losses_by_name(name):
    model = JointModel(segmenter())
    model.compile("sgd", loss=name)
    assert model.loss.name == name.split(">")[-1].replace("FocalLoss", "focal_loss")


@pytest.mark.parametrize(
    "loss", [my_ce, "focal_loss", FocalLoss(), OneHotLoss(keras.losses.Dice())]
)
def test_the_loss_is_saved(loss, tmp_path):
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile("sgd", loss=loss, adversarial_loss="PixAdvLoss", loss_weights=0.5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.loss.name == model.loss.name
    assert again.loss_weight == 0.5
    np.testing.assert_allclose(
        again.evaluate(IMAGES, LABELS, verbose=0),
        model.evaluate(IMAGES, LABELS, verbose=0),
        rtol=1e-6,
    )


# === What is refused ===


def test_a_loss_of_probabilities_is_noticed():
    model = JointModel(segmenter())
    for loss in ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"):
        with pytest.warns(UserWarning, match="takes probabilities, but a segmenter"):
            model.compile("sgd", loss=loss)


@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.Dice(),
        keras.losses.Tversky(),
        keras.losses.CategoricalFocalCrossentropy(from_logits=True),
        "categorical_crossentropy",
        functools.partial(keras.losses.categorical_crossentropy, from_logits=True),
    ],
)
def test_losses_of_one_hot_labels_show_the_adapter(loss):
    student = segmenter()
    model = JointModel(student)
    model.compile("sgd", loss)
    match = r"wants one-hot labels, .*OneHotLoss\(keras.losses.\w+(\(...\))?, ignore"
    with pytest.raises(ValueError, match=match):
        model.fit(*BATCH, verbose=0)
    with pytest.raises(ValueError, match=match):
        model.evaluate(IMAGES, LABELS, verbose=0)
    model = SupervisedModel(student, segmenter())
    model.compile("sgd", loss)
    with pytest.raises(ValueError, match=match):
        model.fit(IMAGES, LABELS, verbose=0)


def test_one_hot_labels():
    labels = np.eye(3, dtype="float32")[LABELS]
    model = JointModel(segmenter())
    model.compile("sgd", FocalLoss())
    with pytest.raises(ValueError, match=r"\(4, 32, 48, 3\): if .* one-hot, .*argmax"):
        model.train_on_batch(BATCH[0], dict.fromkeys(BATCH[0], labels))
    # A loss that wants them is plain Keras.
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(sgd(), loss)
    wanted = segmenter()
    wanted.compile(sgd(), loss)
    before = values(wanted)
    model.train_on_batch(BATCH[0], dict.fromkeys(BATCH[0], labels))
    wanted.train_on_batch(IMAGES, labels)
    assert_twice(before, values(model.segmenter), values(wanted), "my_ce")


@pytest.mark.parametrize("make", [joint, pixda])
def test_one_hot_loss_trains(make, monkeypatch):
    loss = OneHotLoss(keras.losses.Dice(axis=(1, 2, 3)))
    monkeypatch.setitem(LOSSES, "dice", loss)
    model, parts = make("dice"), make("dice", accumulate=2)
    labels = LABELS.copy()
    labels[:, :9] = 255
    batch = BATCH[0], dict.fromkeys(BATCH[0], labels)
    logs = [x.train_on_batch(*batch, return_dict=True) for x in (model, parts)]
    assert logs[1] == pytest.approx(logs[0], rel=1e-4)
    for value, other in zip(values(model), values(parts), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-6)


# === The class to ignore is said once ===


def compiled(**options):
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile("sgd", **options)
    return model


@pytest.mark.parametrize(
    ("options", "ignored"),
    [
        ({}, (255, 255)),
        ({"loss": FocalLoss(ignore_class=254)}, (254, 254)),
        ({"loss": sparse()}, (None, None)),
        ({"adversarial_loss": PixAdvLoss(ignore_class=254)}, (254, 254)),
        ({"loss": sparse(), "adversarial_loss": PixAdvLoss()}, (None, 255)),
        ({"loss": LOSSES["partial"]}, (1, 1)),
    ],
)
def test_one_place_says_which_class_is_ignored(options, ignored):
    model = compiled(**options)
    found = model.loss.ignore_class, model.adversarial_loss.ignore_class
    assert found == ignored


def test_disagreement_names_both():
    other = FocalLoss(ignore_class=254)
    match = "the loss 'focal_loss' has 254, but the loss 'pix_adv_loss' has 255: give"
    with pytest.raises(ValueError, match=match):
        compiled(loss=other, adversarial_loss=PixAdvLoss())
    match = "the loss 'focal_loss' has 254, but the metric 'class_iou' has 255"
    with pytest.raises(ValueError, match=match):
        compiled(loss=other, metrics=[ClassIoU("abc")])
    with pytest.raises(ValueError, match=match):
        joint("my_ce").compile("sgd", other, weighted_metrics=[ClassIoU("abc")])
    with pytest.raises(ValueError, match=match):
        SupervisedModel(segmenter(), segmenter()).compile(
            "sgd", other, metrics=[ClassIoU("abc")]
        )
    model = compiled(loss=other)
    callback = PerClassIoU([(IMAGES, LABELS)], "abc")
    with pytest.raises(ValueError, match="but the callback PerClassIoU has 255"):
        model.fit(*BATCH, callbacks=[callback], verbose=0)


# === Replicas ===


def test_two_replicas_train_and_evaluate_like_keras():
    program = pathlib.Path(__file__).with_name("losses_on_replicas.py")
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("same") == 4
