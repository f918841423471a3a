"""`fit`, `evaluate`, `predict` and `distill` mean what they mean in Keras."""

import inspect
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from keras_pixda import ClassIoU, FewShotDomainDataset, PixDAModel
from keras_pixda.callbacks import SampleSelection
from keras_pixda.datasets import SegmentationDataset, folder
from keras_pixda.losses import FocalLoss
from keras_pixda.methods import JointModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.training import SupervisedModel

RANDOM = np.random.default_rng(0)
SIZE = 32, 48


def segmenter(size=(None, None)):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((*size, 3))
    x = layers.Rescaling(1 / 64)(inputs)
    return keras.Model(inputs, layers.Conv2D(3, 1)(x), name="net")


def joint(size=(None, None)):
    model = JointModel(segmenter(size))
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return model


def pixda():
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile("sgd", discriminator_optimizer="adam", run_eagerly=True)
    return model


def pairs(number, dtype="uint8", size=SIZE):
    images, labels = (
        {
            d: RANDOM.integers(0, top, (number, *size, *rest))
            for d in ("source", "target")
        }
        for top, rest in ((256, (3,)), (3, ()))
    )
    images = {d: x.astype(dtype) for d, x in images.items()}
    return images, {d: y.astype("uint8") for d, y in labels.items()}


def few_shot(tmp_path, classes=("a", "b", "c"), size=SIZE):
    for kind, mode in (("images", "RGB"), ("masks", "L")):
        (tmp_path / kind).mkdir()
        for name in "abcd":
            shape = (*SIZE, 3) if mode == "RGB" else SIZE
            top = 256 if mode == "RGB" else len(classes)
            picture = RANDOM.integers(0, top, shape).astype("uint8")
            Image.fromarray(picture).save(tmp_path / kind / f"{name}.png")
    record = folder(tmp_path / "images", tmp_path / "masks", classes, name="street")
    return FewShotDomainDataset(record, record, 2, 2, size)


class Batches(keras.utils.PyDataset):
    """Somebody's own; notes the order in which it is asked."""

    def __init__(self, batches):
        super().__init__()
        self.batches, self.seen = batches, []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        self.seen.append(index)
        return self.batches[index]


@pytest.mark.parametrize("name", ["fit", "evaluate", "predict", "train_on_batch"])
def test_arguments_are_those_of_keras(name):
    ours, theirs = (
        inspect.signature(getattr(kind, name)).parameters.values()
        for kind in (PixDAModel, keras.Model)
    )
    # The only further one, which has to be named.
    ours = [p for p in ours if p.name != "bad_numbers" or p.kind is not p.KEYWORD_ONLY]
    assert [(p.name, p.default, p.kind) for p in ours] == [
        (p.name, p.default, p.kind) for p in theirs
    ]


def test_positional_arguments():
    images, labels = pairs(4)
    model = joint()
    history = model.fit(images, labels, 2, 2, 0)
    assert history.epoch == [0, 1]
    assert history.params["steps"] == 2
    plain = images["target"], labels["target"]
    first = model.evaluate(*plain, 2, 0)
    assert model.evaluate(*plain, batch_size=4, verbose=0) == pytest.approx(first)
    assert model.predict(images["target"], 1, 0).shape == (4, *SIZE, 3)


def test_training_batches_are_answered_for_by_their_target(tmp_path):
    images, labels = pairs(4)
    model = joint()
    expected = model.evaluate(images["target"], labels["target"], verbose=0)
    assert model.evaluate(images, labels, verbose=0) == pytest.approx(expected)
    assert model.test_on_batch(images, labels) == pytest.approx(expected)
    data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(2)
    assert model.evaluate(data, verbose=0) == pytest.approx(expected)
    logits = model.predict(images["target"], verbose=0)
    np.testing.assert_array_equal(model.predict(images, verbose=0), logits)
    np.testing.assert_array_equal(model.predict_on_batch(images), logits)

    # Nothing is learned at a rate of 0.
    half = {k: x[2:] for k, x in images.items()}, {k: y[2:] for k, y in labels.items()}
    history = model.fit(images, labels, validation_split=0.5, verbose=0).history
    alone = model.evaluate(half[0]["target"], half[1]["target"], verbose=0)
    assert history["val_loss"] == pytest.approx([alone])
    history = model.fit(images, labels, validation_data=half, verbose=0).history
    assert history["val_loss"] == pytest.approx([alone])


def test_a_few_shot_data_set_is_evaluated_on_its_shots(tmp_path):
    dataset = few_shot(tmp_path)
    model = joint()
    shots = [dataset.read_shot(i) for i in range(2)]
    x, y = (np.stack(part) for part in zip(*shots, strict=True))
    expected = model.evaluate(x, y, verbose=0)
    assert model.evaluate(dataset, verbose=0) == pytest.approx(expected)
    history = model.fit(dataset, validation_data=dataset, verbose=0).history
    assert history["val_loss"] == pytest.approx([expected])


def test_distill_takes_what_fit_takes():
    images, labels = pairs(4)
    losses = []
    for x, y in ((images["target"], labels["target"]), (images, labels)):
        history = pixda().distill(x, y=y, verbose=0, validation_data=(x, y)).history
        losses.append([*history["loss"], *history["val_loss"]])
    assert losses[0] == pytest.approx(losses[1])


def test_metrics_of_training_batches():
    images, labels = pairs(4)
    values = []
    for x, y in ((images["target"], labels["target"]), (images, labels)):
        model = JointModel(segmenter())
        model.compile("sgd", metrics=[ClassIoU("abc")], run_eagerly=True)
        values.append(model.evaluate(x, y, verbose=0, return_dict=True))
    assert values[0] == pytest.approx(values[1])
    assert values[0].keys() > {"loss"}


def renamed(domains, **names):
    return {names.get(k, k): v for k, v in domains.items()}


WRONG = {
    "other keys": (
        lambda x, y: (renamed(x, source="src", target="tgt"), y),
        r"Found images with the keys \['src', 'tgt'\]",
    ),
    "labels of one": (
        lambda x, y: (x, {"source": y["source"]}),
        r"Found labels with the keys \['source'\]",
    ),
    "one more": (
        lambda x, y: ({**x, "names": x["source"]}, y),
        r"Found images with the keys \['names', 'source', 'target'\]",
    ),
    "plain images": (
        lambda x, y: (x["target"], y["target"]),
        "Found images of the type ndarray",
    ),
    "plain labels": (lambda x, y: (x, y["target"]), "Found labels of the type ndarray"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_other_batches_are_named(wrong):
    change, message = WRONG[wrong]
    x, y = change(*pairs(2))
    model = joint()
    data = tf.data.Dataset.from_tensors((x, y))
    if wrong.startswith("plain"):
        message = message.replace("ndarray", r"\w+")
    for call in (
        lambda: model.fit(x, y, verbose=0),
        lambda: model.fit(Batches([(x, y)]), verbose=0),
        lambda: model.fit((b for b in [(x, y)]), shuffle=False, verbose=0),
        lambda: model.fit(data, shuffle=False, verbose=0),
        lambda: model.train_on_batch(x, y),
    ):
        with pytest.raises(ValueError, match=f"fit a FewShotDomainDataset.*{message}"):
            call()


def test_other_keys_in_evaluate_and_predict():
    x, y = pairs(2)
    x = renamed(x, target="tgt")
    for call in (
        lambda: joint().evaluate(x, y, verbose=0),
        lambda: joint().predict(x, verbose=0),
        lambda: joint()(x),
        lambda: pixda().distill(x, y=y, verbose=0),
    ):
        with pytest.raises(ValueError, match=r"\['source', 'tgt'\]"):
            call()


def test_weights_are_refused_with_the_alternative(tmp_path):
    x, y = pairs(2)
    model = pixda()
    for call in (
        model.fit,
        model.train_on_batch,
        lambda x, y, **k: model.distill(x, y=y, **k),
    ):
        with pytest.raises(
            ValueError, match=r"class_weight is not .*FocalLoss\(alpha="
        ):
            call(x, y, class_weight={0: 1.0, 1: 5.0})
        with pytest.raises(ValueError, match="sample_weight is not supported.*ignored"):
            call(x, y, sample_weight=np.ones(2))


@pytest.mark.parametrize("shuffle", [True, False])
def test_shuffle_means_what_it_means_in_keras(shuffle):
    plain = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    plain.compile("sgd", "mse", run_eagerly=True)
    orders = []
    for model, batch in (
        (plain, (np.zeros((1, 2)), np.zeros((1, 1)))),
        (joint(), pairs(1)),
    ):
        data = Batches([batch] * 6)
        keras.utils.set_random_seed(1)
        model.fit(data, shuffle=shuffle, epochs=2, verbose=0)
        # Before it begins, the first batches are looked at.
        orders.append(data.seen[-12:])
    assert orders[0] == orders[1]
    assert (orders[1] == [*range(6)] * 2) == (not shuffle)


def test_a_few_shot_data_set_orders_itself(tmp_path):
    dataset = few_shot(tmp_path)
    steps = []

    class Weights(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps[-1].append(logs["loss"])

    for shuffle in (True, False):
        keras.utils.set_random_seed(1)
        dataset.epoch = 0
        steps.append([])
        joint().fit(
            dataset, shuffle=shuffle, epochs=3, callbacks=[Weights()], verbose=0
        )
    assert len(steps[0]) == 6
    assert steps[0] == steps[1]


def test_a_fixed_size_that_does_not_fit_is_named(tmp_path):
    x, y = pairs(2)
    model = joint((64, 64))
    for call in (
        lambda: model.fit(x, y, verbose=0),
        lambda: model.evaluate(x["target"], y["target"], verbose=0),
        lambda: model.predict(x["target"], verbose=0),
        lambda: model.fit(few_shot(tmp_path), verbose=0),
    ):
        with pytest.raises(ValueError, match="32 x 48 pixels.*is fixed to 64 x 64"):
            call()


def test_another_number_of_classes_is_named(tmp_path):
    dataset = few_shot(tmp_path, classes=("a", "b"))
    plain = SegmentationDataset(dataset.target, 1, SIZE)
    for call in (
        lambda: joint().fit(dataset, verbose=0),
        lambda: joint().evaluate(plain, verbose=0),
        lambda: joint().fit(*pairs(2), validation_data=plain, verbose=0),
    ):
        with pytest.raises(
            ValueError, match="'street' has 2 classes, but the segmenter"
        ):
            call()


def scaled(by, minus=0.0):
    x, y = pairs(2, "float32")
    return {k: (v - minus) / by for k, v in x.items()}, y


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (scaled(255), "source images lie in 0..1, as if scaled"),
        (scaled(127.5, 127.5), "source images lie in -1..1, as if scaled"),
        (scaled(1, 120), "lie in -120..135, as if their mean subtracted"),
    ],
)
def test_images_that_are_not_raw_are_named_once(images, message):
    x, y = images
    for source in (
        lambda: {"x": x, "y": y},
        lambda: {"x": Batches([(x, y)])},
        lambda: {
            "x": (b for b in [(x, y)]),
            "steps_per_epoch": 1,
            "shuffle": False,
        },
        lambda: {"x": tf.data.Dataset.from_tensors((x, y)), "shuffle": False},
    ):
        model = joint()
        with pytest.warns(UserWarning, match=message) as found:
            model.fit(**source(), verbose=0)
        assert [w.category for w in found].count(UserWarning) == 1
        model.predict(x["target"], verbose=0)  # Warnings are errors here.
    for call in (
        lambda m: m.evaluate(x["target"], y["target"], verbose=0),
        lambda m: m.predict(x["target"], verbose=0),
    ):
        with pytest.warns(UserWarning, match="The images lie in"):
            call(joint())


@pytest.mark.parametrize("value", [0.0, 2.0, 255.0, -3.0])
def test_dark_images_are_legal(value):
    x, y = pairs(2, "float32")
    x = {k: np.full_like(v, value) for k, v in x.items()}
    x["target"][0, 0, 0, 0] = 3.0 * value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joint().fit(x, y, verbose=0)
        joint().fit(*pairs(2, "int32"), verbose=0)


def test_data_of_unknown_length_and_shape_are_taken():
    batch = pairs(1, "float32")

    class Endless(keras.utils.PyDataset):
        @property
        def num_batches(self):
            return None

        def __getitem__(self, index):
            return batch

    def unknown():
        images, labels = (
            {d: tf.TensorSpec(None, tf.as_dtype(v.dtype)) for d, v in part.items()}
            for part in batch
        )
        return tf.data.Dataset.from_generator(
            lambda: iter([batch]), output_signature=(images, labels)
        )

    for data in (Endless(), unknown()):
        history = joint().fit(data, steps_per_epoch=1, shuffle=False, verbose=0)
        assert np.isfinite(history.history["loss"]).all()


def test_selection_chooses_in_the_data_set_that_is_fitted(tmp_path):
    dataset = few_shot(tmp_path)
    selection = SampleSelection(dataset, verbose=0)
    with pytest.raises(ValueError, match="another data set than fit"):
        pixda().fit(*pairs(2), callbacks=selection, verbose=0)
    with pytest.raises(ValueError, match="a JointModel has not"):
        joint().fit(dataset, callbacks=[selection], verbose=0)


def test_distill_before_compile():
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    x, y = pairs(2)
    with pytest.raises(ValueError, match=r"call `compile\(\)` before"):
        model.distill(x, y=y)


def test_a_supervised_model_takes_both_kinds():
    x, y = pairs(2)
    values = []
    for images, labels in ((x, y), (x["target"], y["target"])):
        model = SupervisedModel(segmenter(), segmenter())
        model.compile("sgd", loss=FocalLoss(), accumulate=2, run_eagerly=True)
        values.append(model.train_on_batch(images, labels))
        values[-1].append(model.test_on_batch(images, labels))
    assert values[0] == pytest.approx(values[1])


def test_labels_with_and_without_an_axis_of_channels_in_turn():
    images, labels = pairs(2)
    model = pixda()
    model.run_eagerly = False
    raised = {d: y[..., None] for d, y in labels.items()}
    one_hot = {d: np.eye(3)[y] for d, y in labels.items()}
    for given in (labels, raised, labels):
        model.fit(images, given, batch_size=2, verbose=0)
    with pytest.raises(ValueError, match="if they are one-hot"):
        model.fit(images, one_hot, batch_size=2, verbose=0)
    plain = images["target"], labels["target"]
    loss = model.evaluate(*plain, verbose=0)
    assert model.evaluate(plain[0], plain[1][..., None], verbose=0) == loss
    assert model.evaluate(*plain, verbose=0) == loss


def test_sizes_and_channels_are_looked_at_before_training():
    images, labels = pairs(2)
    halves = {d: y[:, ::2, ::2] for d, y in labels.items()}
    with pytest.raises(ValueError, match="source labels are 16 x 24 .* images 32 x 48"):
        pixda().fit(images, halves, verbose=0)
    gray = {d: x[..., :1] for d, x in images.items()}
    with pytest.raises(ValueError, match="source images have the shape .*32, 48, 1"):
        pixda().fit(gray, labels, verbose=0)


def test_distil_is_validated_at_the_size_of_the_labels():
    images, labels = (x["target"] for x in pairs(2))
    model = pixda()
    larger = labels.repeat(2, axis=1).repeat(2, axis=2)
    history = model.distill(
        images, y=labels, validation_data=(images, larger), verbose=0
    )
    assert np.isfinite(history.history["val_loss"]).all()


def test_distil_names_what_does_not_fit(tmp_path):
    images, labels = pairs(2)
    with pytest.raises(ValueError, match=r"steps is a dict: .*y=labels"):
        pixda().distill(images, labels)
    with pytest.raises(ValueError, match="steps is 0"):
        pixda().distill(images["target"], steps=0)
    native = SegmentationDataset(few_shot(tmp_path).source, 2, SIZE)
    with pytest.raises(ValueError, match='label_size="image"'):
        pixda().distill(native)


def test_a_discriminator_of_other_classes_is_refused():
    with pytest.raises(ValueError, match="takes maps of 5 classes, but .* gives 3"):
        PixDAModel(segmenter(), pixel_discriminator(5, 2))
