"""A batch in parts trains as the whole batch does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import FocalLoss, PixAdvLoss
from keras_pixda.methods import JointModel, NAAEModel, PixDAModel
from keras_pixda.metrics import ClassIoU
from keras_pixda.models import image_discriminator, pixel_discriminator, small_segmenter
from keras_pixda.training.batch_part import BatchPart

DOMAINS = ("source", "target")


def batch(size=4, shape=(32, 48), seed=0):
    """Images and labels; every image has another share of labelled pixels."""
    random = np.random.default_rng(seed)
    images = {d: random.integers(0, 256, (size, *shape, 3), "uint8") for d in DOMAINS}
    labels = {d: random.integers(0, 3, (size, *shape), "uint8") for d in DOMAINS}
    for domain, first in zip(DOMAINS, (0.9, 0.0), strict=True):
        ignored = np.linspace(first, 0.5, size)[:, None, None]
        labels[domain][random.random((size, *shape)) < ignored] = 255
    return images, labels


class SumOfSquares(keras.losses.Loss):
    """Adds up over a batch, and so over its parts."""

    def __init__(self):
        super().__init__(reduction="sum")

    def call(self, labels, logits):
        return 1e-5 * tf.reduce_mean(logits**2, axis=-1)


def frozen(segmenter):
    """Without statistics of the batch; with losses of its own."""
    for layer in segmenter.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        if isinstance(layer, keras.layers.Conv2D):
            # Read from the variable; that of the layer is for building it.
            layer.kernel.regularizer = keras.regularizers.L2(1e-3)
    return segmenter


def sgd():
    return keras.optimizers.SGD(0.05, momentum=0.9)


def pixda(accumulate, **options):
    model = PixDAModel(
        frozen(small_segmenter(3, filters=4)),
        pixel_discriminator(3, 4),
        image_discriminator(3, 4),
    )
    model.compile(sgd(), sgd(), sgd(), accumulate=accumulate, **options)
    return model


def joint(accumulate, **options):
    model = JointModel(frozen(small_segmenter(3, filters=4)))
    model.compile(sgd(), entropy_weight=0.1, accumulate=accumulate, **options)
    return model


def trained(make, accumulate, **options):
    """Logs of three steps, and the weights after them."""
    keras.utils.set_random_seed(0)
    metrics = [ClassIoU(["a", "b", "c"])]
    model = make(accumulate, metrics=metrics, **options)
    logs = [
        model.train_on_batch(*batch(seed=step), return_dict=True) for step in range(3)
    ]
    return logs, {v.path: v.numpy() for v in model.weights}, model


@pytest.mark.parametrize(
    ("make", "accumulate", "options"),
    [
        (pixda, 4, {}),
        (pixda, 3, {"adversarial_loss": PixAdvLoss(average_over="labelled")}),
        (pixda, 2, {"loss": SumOfSquares()}),
        (joint, 4, {"loss": FocalLoss(gamma=0.0)}),
    ],
    ids=["four parts", "uneven parts", "sum", "joint"],
)
def test_parts_train_like_the_whole(make, accumulate, options):
    logs, weights, model = trained(make, 1, **options)
    others, in_parts, other = trained(make, accumulate, **options)
    for log, wanted in zip(others, logs, strict=True):
        assert log == pytest.approx(wanted, rel=1e-4)
    for path, wanted in weights.items():
        np.testing.assert_allclose(
            in_parts[path], wanted, rtol=1e-4, atol=1e-5, err_msg=path
        )
    assert other.optimizer.iterations == model.optimizer.iterations == 3


def test_means_of_parts_would_train_otherwise():
    """The parts of the test above have so different labels that shares matter."""
    images, labels = batch()
    first, *_ = BatchPart.split(images, labels, 4)
    assert float(first.share(FocalLoss(), "source")) < 0.15
    assert float(first.share(FocalLoss(), "target")) > 0.3


def test_shares():
    images, labels = batch()
    parts = BatchPart.split(images, labels, 3)
    assert [len(part.images["source"]) for part in parts] == [1, 1, 2]
    joined = np.concatenate([part.labels["target"] for part in parts])
    np.testing.assert_array_equal(joined, labels["target"])
    counts = [(part.labels["source"] != 255).sum() for part in parts]
    shares = [float(part.share(FocalLoss(), "source")) for part in parts]
    np.testing.assert_allclose(shares, np.array(counts) / np.sum(counts), rtol=1e-6)
    assert [float(part.share(PixAdvLoss())) for part in parts] == [0.25, 0.25, 0.5]
    assert [float(part.share()) for part in parts] == [0.25, 0.25, 0.5]
    assert [part.share() for part in BatchPart.split(images, labels, 1)] == [1.0]
    nothing = {d: np.full_like(values, 255) for d, values in labels.items()}
    [part, _] = BatchPart.split(images, nothing, 2)
    assert float(part.share(FocalLoss())) == 0.0


def test_what_cannot_be_done_in_parts():
    with pytest.raises(tf.errors.InvalidArgumentError, match="5 parts"):
        BatchPart.split(*batch(), 5)
    with pytest.raises(ValueError, match="at least 1"):
        joint(0)
    with pytest.raises(ValueError, match="NAAEModel looks at its batches as a whole"):
        NAAEModel(small_segmenter(3, filters=4)).compile("sgd", accumulate=2)


def test_the_number_of_parts_is_saved(tmp_path):
    model = joint(2)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").accumulate == 2
