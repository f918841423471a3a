"""A label that is no class stops a step before anything has changed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda import FewShotDomainDataset
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.losses import FocalLoss
from keras_pixda.methods import FSDAModel, JointModel, NAAEModel, PixDAModel
from keras_pixda.models import (
    image_discriminator,
    pair_discriminator,
    pixel_discriminator,
)
from keras_pixda.training import SupervisedModel
from keras_pixda.training.fit_steps import fit_steps

RANDOM = np.random.default_rng(0)
DOMAINS = ("source", "target")
IMAGES = RANDOM.integers(0, 256, (2, 32, 48, 3)).astype("uint8")
LABELS = RANDOM.integers(0, 3, (2, 32, 48)).astype("uint8")
WRONG = LABELS.copy()
WRONG[1, :2, :5] = 9
SHOWN = r"labels hold \[9\] in 10 of 3072 pixels, expected 0..2 or the ignore_class 255"


def batch(dtype="uint8", **wrong):
    labels = {d: wrong.get(d, LABELS).astype(dtype) for d in DOMAINS}
    return dict.fromkeys(DOMAINS, IMAGES), labels


def tiny(classes=3):
    """With statistics of batches, which a step changes too."""
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(2, 3, padding="same"),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(classes, 1),
        ]
    )


def pixda(**options):
    model = PixDAModel(
        tiny(),
        pixel_discriminator(3, 2),
        image_discriminator(3, 2),
    )
    sgd = keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(sgd, "adam", **options)
    return model


def joint(**options):
    model = JointModel(tiny())
    model.compile("adam", **options)
    return model


def state(model):
    """Everything that a step may change."""
    optimizers = [x for x in vars(model).values() if hasattr(x, "apply_gradients")]
    variables = [*model.weights, *(v for x in optimizers for v in x.variables)]
    return [np.array(variable.value) for variable in variables]


def assert_unchanged(model, before):
    for value, wanted in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize(
    ("make", "domain", "options"),
    [
        (pixda, "source", {}),
        (pixda, "target", {"accumulate": 2}),
        (joint, "source", {"run_eagerly": True}),
        (joint, "target", {"jit_compile": True}),
        (joint, "source", {"jit_compile": True, "steps_per_execution": 2}),
        (
            joint,
            "target",
            {
                "loss": keras.losses.SparseCategoricalCrossentropy(
                    True, ignore_class=255
                )
            },
        ),
    ],
)
def test_nothing_has_changed(make, domain, options):
    model = make(**options)
    model.train_on_batch(*batch())  # All slots are there.
    before = state(model)
    with pytest.raises(ValueError, match=f"^{domain} {SHOWN}") as error:
        model.train_on_batch(*batch(**{domain: WRONG}))
    assert "node" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None
    assert_unchanged(model, before)
    # The next step is an ordinary one.
    model.train_on_batch(*batch())
    assert all(np.isfinite(x).all() for x in state(model))


@pytest.mark.parametrize(
    ("source", "dtype"),
    [
        ("arrays", "uint8"),
        ("tf.data", "int32"),
        ("generator", "float32"),
        ("PyDataset", "int64"),
    ],
)
def test_every_source_of_data(source, dtype):
    right, wrong = batch(dtype), batch(dtype, target=WRONG)

    def batches():
        yield right
        yield wrong

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return [right, wrong][index]

    model = joint()
    if source == "arrays":
        data = keras.tree.map_structure(lambda *x: np.concatenate(x), right, wrong)
        arguments = {
            "x": data[0],
            "y": data[1],
            "batch_size": 2,
        }
    elif source == "tf.data":
        spec = keras.tree.map_structure(
            lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), right
        )
        data = tf.data.Dataset.from_generator(batches, output_signature=spec)
        arguments = {"x": data}
    else:
        arguments = {"x": batches() if source == "generator" else Batches()}
    with pytest.raises(ValueError, match=f"In batch 2 of pass 1, target {SHOWN}"):
        model.fit(**arguments, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 1


def naae():
    parts = (image_discriminator(3, 2) for _ in range(2))
    return NAAEModel(tiny(), pixel_discriminator(3, 2), *parts)


def fsda():
    main = tiny()
    auxiliary = keras.layers.Conv2D(3, 1)(main.layers[0].output)
    network = keras.Model(main.inputs, [auxiliary, main.outputs[0]])
    return FSDAModel(network, pair_discriminator(3, 2), image_discriminator(3, 2))


@pytest.mark.parametrize("make", [naae, fsda])
def test_other_methods(make):
    model = make()
    model.compile("sgd")
    before = state(model)
    with pytest.raises(ValueError, match=f"source {SHOWN}"):
        model.fit(*batch(source=WRONG), batch_size=2, verbose=0)
    assert_unchanged(model, before)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_evaluation_and_validation(jit_compile):
    model = joint(jit_compile=jit_compile)
    for act in (model.evaluate, model.test_on_batch):
        with pytest.raises(ValueError, match=f"^{SHOWN}"):
            act(IMAGES, WRONG)
    with pytest.raises(ValueError, match=f"^In the evaluation of pass 1, {SHOWN}"):
        model.fit(*batch(), validation_data=(IMAGES, WRONG), verbose=0)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_distillation(accumulate):
    student = tiny()
    model = SupervisedModel(student, keras.models.clone_model(student))
    model.compile("sgd", FocalLoss(), accumulate=accumulate)
    before = state(model)
    with pytest.raises(ValueError, match=f"In batch 1 of pass 1, {SHOWN}"):
        model.fit(IMAGES, WRONG, verbose=0)
    assert_unchanged(model, before)


def test_a_plain_model_is_told_its_batch_and_files():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return IMAGES, [LABELS, WRONG][index]

        def batch_names(self, index):
            return [f"{index}.png"]

    segmenter = tiny()
    segmenter.compile("sgd", FocalLoss())
    match = rf"In batch 2 of pass 1, {SHOWN}.* Its files: 1.png."
    with pytest.raises(ValueError, match=match):
        fit_steps(segmenter, Batches(), 2)


class Shifted(FewShotDomainDataset):
    """As if nobody had mapped the ids of the source."""

    def __getitem__(self, index):
        images, labels = super().__getitem__(index)
        return images, {**labels, "source": labels["source"] // 8 + 30}


def test_the_files_are_named(scenes):
    dataset = Shifted(
        gta5(scenes / "gta5"),
        cityscapes(scenes / "cityscapes"),
        shots=1,
        batch_size=2,
        image_size=(32, 48),
    )
    model = JointModel(tiny(19))
    model.compile("sgd")
    names = dataset.batch_names(0)["source"]
    match = r"In batch 1 of pass 1, source labels hold \[30, .* Its files: "
    with pytest.raises(ValueError, match=match) as error:
        model.fit(dataset, verbose=0)
    assert str(names[0]) in str(error.value)


def test_255_of_a_loss_that_ignores_none():
    labels = np.where(WRONG == 9, 255, LABELS)
    model = joint(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    match = r"\[255\] in 10 of 3072 pixels, .* give the loss ignore_class=255\."
    with pytest.raises(ValueError, match=match):
        model.fit(*batch(source=labels), verbose=0)


@pytest.mark.parametrize("kind", ["channel", "float32"])
def test_labels_that_are_right(kind):
    labels = np.where(WRONG == 9, 255, LABELS)
    given = labels[..., None] if kind == "channel" else labels.astype(kind)
    found = []
    for values in (labels, given):
        keras.utils.set_random_seed(0)
        model = joint()
        found.append(model.test_on_batch(IMAGES, values))
    assert found[0] == found[1]


def test_labels_that_are_not_whole():
    with pytest.raises(
        ValueError, match=r"hold \[1.5\] in 10 of .* They are not whole"
    ):
        joint().test_on_batch(IMAGES, np.where(WRONG == 9, 1.5, LABELS))
