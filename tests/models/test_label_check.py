"""A label that is no class stops a step before anything has changed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda import FewShotDomainDataset
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.losses import FocalLoss
from keras_pixda.methods.training import fit_steps
from keras_pixda.models import (
    DistillationModel,
    FSDAModel,
    JointModel,
    NAAEModel,
    PixDAModel,
    image_discriminator,
    pixel_discriminator,
    small_segmenter,
)

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


def pixda(**options):
    model = PixDAModel(
        small_segmenter(3, filters=2),
        pixel_discriminator(3, 2),
        image_discriminator(3, 2),
    )
    sgd = keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(sgd, "adam", **options)
    return model


def joint(**options):
    model = JointModel(small_segmenter(3, filters=2))
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
    ("domain", "options"),
    [
        ("source", {}),
        ("target", {}),
        ("target", {"accumulate": 2}),
        ("source", {"run_eagerly": True}),
        ("target", {"jit_compile": True}),
        ("source", {"jit_compile": True, "steps_per_execution": 2}),
        (
            "source",
            {
                "loss": keras.losses.SparseCategoricalCrossentropy(
                    True, ignore_class=255
                )
            },
        ),
    ],
)
def test_nothing_has_changed(domain, options):
    model = pixda(**options)
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
        arguments = {"x": data[0], "y": data[1], "batch_size": 2, "shuffle": False}
    elif source == "tf.data":
        spec = keras.tree.map_structure(
            lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), right
        )
        data = tf.data.Dataset.from_generator(batches, output_signature=spec)
        arguments = {"x": data}
    else:
        arguments = {"x": batches() if source == "generator" else Batches()}
    with pytest.raises(ValueError, match=f"In batch 2 of pass 1, target {SHOWN}"):
        model.fit(**arguments, verbose=0)
    assert int(model.optimizer.iterations) == 1


@pytest.mark.parametrize("kind", [NAAEModel, FSDAModel])
def test_other_methods(kind):
    auxiliary = {"auxiliary_head": True} if kind is FSDAModel else {}
    model = kind(small_segmenter(3, filters=2, **auxiliary))
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
    student = small_segmenter(3, filters=2)
    model = DistillationModel(
        student, keras.models.clone_model(student), accumulate=accumulate
    )
    model.compile("sgd", FocalLoss())
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

    segmenter = small_segmenter(3, filters=2)
    segmenter.compile("sgd", FocalLoss())
    match = rf"In batch 2 of pass 1, {SHOWN}.* Its files: 1.png."
    with pytest.raises(ValueError, match=match):
        fit_steps(segmenter, Batches(), 2)


def test_the_files_are_named(scenes):
    dataset = FewShotDomainDataset(
        gta5(scenes / "gta5"),
        cityscapes(scenes / "cityscapes"),
        shots=1,
        batch_size=2,
        image_size=(32, 48),
    )
    model = joint()  # Has three classes, the data have 19.
    model.num_classes = 19
    dataset.augmentation = lambda images, labels, *rest: (images, labels + 30)
    names = dataset.batch_names(0)["source"]
    with pytest.raises(ValueError, match=r"labels hold .* Its files: ") as error:
        model.fit(dataset, verbose=0)
    assert str(names[0]) in str(error.value)


def test_255_of_a_loss_that_ignores_none():
    labels = np.where(WRONG == 9, 255, LABELS)
    model = joint(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    match = r"\[255\] in 10 of 3072 pixels, .* give the loss ignore_class=255\."
    with pytest.raises(ValueError, match=match):
        model.fit(*batch(source=labels), verbose=0)


def test_labels_that_are_right():
    model = joint()
    labels = np.where(WRONG == 9, 255, LABELS)
    found = [
        joint_loss
        for given in (labels, labels[..., None], labels.astype("float32"))
        for joint_loss in [model.test_on_batch(IMAGES, given)]
    ]
    assert found[0] == found[1] == found[2]
    with pytest.raises(
        ValueError, match=r"hold \[1.5\] in 10 of .* They are not whole"
    ):
        model.test_on_batch(IMAGES, np.where(WRONG == 9, 1.5, LABELS))
