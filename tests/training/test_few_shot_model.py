"""Which segmenters are taken, and what a refusal tells to do instead."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_pixda import PixDAModel
from keras_pixda.datasets import FewShotDomainDataset, folder
from keras_pixda.layers import AlignedResize
from keras_pixda.methods import FSDAModel, JointModel, NAAEModel
from keras_pixda.models import (
    image_discriminator,
    pair_discriminator,
    pixel_discriminator,
    small_segmenter,
)

RANDOM = np.random.default_rng(0)


def pixda(segmenter):
    model = PixDAModel(
        segmenter, pixel_discriminator(3, 2), image_discriminator(3, 2), False
    )
    model.compile("adam", discriminator_optimizer="adam")
    return model


def train(segmenter, size=(32, 32)):
    """One step; the loss is finite and the segmenter's weights are new."""
    random = np.random.default_rng(0)
    images, labels = (
        {d: random.integers(0, high, (2, *shape)) for d in ("source", "target")}
        for high, shape in ((256, (*size, 3)), (3, size))
    )
    model = pixda(segmenter)
    before = [v.numpy() for v in segmenter.trainable_variables]
    assert np.isfinite(model.train_on_batch(images, labels)).all()
    for old, new in zip(before, segmenter.trainable_variables, strict=True):
        assert not np.array_equal(old, new.numpy())
    return model


def conv_model(activation=None, after=lambda x: x):
    """A segmenter of one layer, and what comes after it."""
    inputs = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(3, 1, activation=activation, name="head")(x)
    return keras.Model(inputs, after(x), name="net")


def nested(model):
    inputs = keras.Input((None, None, 3))
    return keras.Model(inputs, model(inputs), name="outer")


def sequential_head(activation):
    head = keras.Sequential(
        [layers.Conv2D(4, 1), layers.Conv2D(3, 1, activation=activation, name="last")]
    )
    return conv_model(after=lambda x: head(x))


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda: conv_model("softmax"), "head"),
        (lambda: conv_model(ops.softmax), "head"),
        (lambda: conv_model(after=layers.Softmax(name="probabilities")), "prob"),
        (lambda: conv_model(after=layers.Activation("softmax", name="act")), "act"),
        (lambda: conv_model(after=ops.softmax), "softmax"),
        (lambda: conv_model("softmax", after=layers.UpSampling2D()), "head"),
        (lambda: conv_model("softmax", after=layers.Resizing(32, 32)), "head"),
        (lambda: conv_model("softmax", after=lambda x: AlignedResize()((x, x))), "h"),
        (
            lambda: conv_model(
                "softmax", after=lambda x: ops.image.resize(x, (32, 32))
            ),
            "head",
        ),
        (lambda: nested(nested(conv_model("softmax"))), "head"),
        (lambda: sequential_head("softmax"), "last"),
        (
            lambda: keras.Sequential(
                [keras.Input((32, 32, 3)), layers.Dense(3, activation="softmax")]
            ),
            "dense",
        ),
    ],
)
def test_softmax_at_the_end_is_refused(make, culprit):
    with pytest.raises(ValueError, match=f"ends in the softmax of '{culprit}.*logits"):
        PixDAModel(make())


def logits_beside_softmax():
    """A nested model has both, its logits are taken."""
    inputs = keras.Input((None, None, 3))
    logits = layers.Conv2D(3, 1)(inputs)
    both = keras.Model(inputs, [logits, layers.Softmax()(logits)])
    return keras.Model(inputs, both(inputs)[0])


@pytest.mark.parametrize(
    "make",
    [
        conv_model,
        lambda: sequential_head(None),
        # Log-probabilities are logits, and attention inside is none of our business.
        lambda: conv_model(after=ops.log_softmax),
        lambda: conv_model("softmax", after=ops.log),
        lambda: conv_model("softmax", after=lambda x: layers.Multiply()([x, x])),
        lambda: conv_model("softmax", after=layers.Conv2D(3, 1)),
        logits_beside_softmax,
    ],
)
def test_other_ends_are_taken(make):
    assert PixDAModel(make()).num_classes == 3


def test_the_remedies_for_softmax_work(tmp_path):
    segmenter = sequential_head("softmax")
    with pytest.raises(ValueError, match=r"set that layer's activation to keras\.act"):
        PixDAModel(segmenter)
    segmenter.layers[-1].layers[-1].activation = keras.activations.linear
    model = train(segmenter)
    logits = model.predict(np.zeros((1, 32, 32, 3)), verbose=0)
    assert not np.allclose(np.sum(logits, axis=-1), 1.0)
    segmenter.save(tmp_path / "segmenter.keras")
    PixDAModel(keras.saving.load_model(tmp_path / "segmenter.keras"))

    segmenter = conv_model(after=layers.Softmax())
    with pytest.raises(ValueError, match="activation=None, or leave that softmax out"):
        PixDAModel(segmenter)
    train(keras.Model(segmenter.inputs, segmenter.layers[-1].input))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.rescale = layers.Rescaling(1 / 255)
        self.head = layers.Conv2D(3, 4, 4)

    def call(self, images, training=False):
        return self.head(self.rescale(images))


@pytest.mark.parametrize(
    "make", [Subclassed, lambda: keras.Sequential([layers.Conv2D(3, 1)])]
)
def test_a_model_without_a_graph_is_refused_and_the_remedy_works(make):
    it = make()
    with pytest.raises(ValueError, match="is not a functional model: wrap it"):
        PixDAModel(it)
    inputs = keras.Input((None, None, 3))
    model = train(keras.Model(inputs, it(inputs)))
    assert model.predict(np.zeros((1, 32, 40, 3)), verbose=0).shape == (1, 32, 40, 3)


@pytest.mark.parametrize(
    ("structure", "found"),
    [
        (lambda a, b: [a, b], "2 outputs"),
        (lambda a, b: (a, b, b), "3 outputs"),
        (lambda a, b: {"coarse": a, "fine": b}, "a dictionary of outputs"),
        (lambda a, b: {"fine": b}, "a dictionary of outputs"),
    ],
)
def test_several_outputs_are_refused_and_the_remedy_works(structure, found):
    inputs = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    coarse, fine = layers.Conv2D(3, 8, 8)(x), layers.Conv2D(3, 1)(x)
    it = keras.Model(inputs, structure(coarse, fine))
    with pytest.raises(ValueError, match=f"has {found}, expected one map of logits"):
        PixDAModel(it)
    segmenter = keras.Model(it.inputs, it.outputs[-1])
    assert segmenter.output_shape == (None, None, None, 3)
    train(segmenter)


def test_one_output_in_a_list_is_taken():
    inputs = keras.Input((None, None, 3))
    train(keras.Model([inputs], [layers.Dense(3)(layers.Rescaling(1 / 255)(inputs))]))


@pytest.mark.parametrize(
    ("end", "shape"),
    [
        (layers.GlobalAveragePooling2D(), r"\(None, 3\)"),
        (layers.Reshape((1, 32, 32, 3)), r"\(None, 1, 32, 32, 3\)"),
    ],
)
def test_another_rank_is_refused(end, shape):
    with pytest.raises(ValueError, match=f"gives {shape}, expected logits of the sh"):
        PixDAModel(conv_model(after=end))


def test_what_is_no_model_is_refused():
    for segmenter in ("deeplab", layers.Conv2D(3, 1), None):
        with pytest.raises(ValueError, match=r"must be a keras\.Model, received"):
            PixDAModel(segmenter)


def test_a_data_set_with_other_classes_is_refused(tmp_path):
    for kind, channels in (("images", 3), ("masks", 1)):
        (tmp_path / kind).mkdir()
        image = np.zeros((32, 32, channels))
        keras.utils.save_img(tmp_path / kind / "a.png", image, scale=False)
    record = folder(
        tmp_path / "images", tmp_path / "masks", ("road", "other"), name="street"
    )
    dataset = FewShotDomainDataset(
        record, record, shots=1, batch_size=1, image_size=(32, 32)
    )
    with pytest.raises(
        ValueError,
        match=r"source 'street' has 2 classes, but the segmenter gives 3: build it "
        r"with num_classes=2",
    ):
        pixda(conv_model()).fit(dataset, verbose=0)


@pytest.mark.parametrize("name", ["pixda", "joint", "naae", "fsda"])
def test_the_summary_adds_up(name):
    segmenter = small_segmenter(3, filters=2, auxiliary_head=name == "fsda")
    network = lambda name: image_discriminator(3, 2, name=name)  # noqa: E731
    model = {
        "pixda": lambda: PixDAModel(segmenter, pixel_discriminator(3, 2), network("i")),
        "joint": lambda: JointModel(segmenter),
        "naae": lambda: NAAEModel(segmenter, *map(network, "abc")),
        "fsda": lambda: FSDAModel(segmenter, pair_discriminator(3, 2), network("i")),
    }[name]()
    networks = [
        value
        for key, value in vars(model).items()
        if isinstance(value, keras.Model) and (key, name) != ("segmenter", "fsda")
    ]
    before = model.trainable_variables
    lines = []
    model.summary(print_fn=lambda line, line_break=True: lines.append(line))
    totals = {
        kind: int(number.replace(",", ""))
        for kind, number in re.findall(
            r" ([\w-]+) params: [^\d]*([\d,]+)", "\n".join(lines)
        )
    }
    assert totals["Total"] == model.count_params()
    assert totals["Total"] == sum(n.count_params() for n in networks)
    assert totals["Trainable"] == sum(
        int(np.prod(v.shape)) for n in networks for v in n.trainable_variables
    )
    assert totals["Total"] == totals["Trainable"] + totals["Non-trainable"]
    # What the optimizer updates has not changed.
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert old is new


# === Hooks ===


class Hooked(JointModel):
    """Takes another image for the target, and counts what follows the updates."""

    def __init__(self, segmenter, **kwargs):
        super().__init__(segmenter, **kwargs)
        self.seen = keras.Variable(0, dtype="int32", trainable=False)
        self.after = keras.Variable(0.0, trainable=False)

    def mix(self, images, labels):
        self.seen.assign_add(ops.shape(images["target"])[0])
        return dict.fromkeys(images, 255 - images["source"]), labels

    def after_updates(self):
        # Of the weights that the step leaves behind, not of those before it.
        self.after.assign(ops.sum(self.segmenter.trainable_variables[0]))


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_hooks_around_the_parts_of_a_step(accumulate, run_eagerly):
    images, labels = (
        {d: RANDOM.integers(0, high, (2, *shape)) for d in ("source", "target")}
        for high, shape in ((256, (32, 32, 3)), (3, (32, 32)))
    )
    plain, hooked = JointModel(conv_model()), Hooked(conv_model())
    hooked.segmenter.set_weights(plain.segmenter.get_weights())
    for model in (plain, hooked):
        model.compile(
            keras.optimizers.SGD(0.1), accumulate=accumulate, run_eagerly=run_eagerly
        )
    mixed = dict.fromkeys(images, 255 - images["source"])
    wanted = plain.train_on_batch(mixed, labels)
    assert hooked.train_on_batch(images, labels) == pytest.approx(wanted)
    kernel, *_ = hooked.segmenter.get_weights()
    np.testing.assert_allclose(kernel, plain.segmenter.get_weights()[0], atol=1e-7)
    assert int(hooked.seen) == 2  # The whole batch, once.
    assert float(hooked.after) == pytest.approx(float(kernel.sum()), abs=1e-5)
