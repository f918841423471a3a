import functools

import keras
import numpy as np
import pytest

from keras_pixda.losses import FocalLoss, focal_loss
from keras_pixda.losses.as_loss import as_loss

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, (2, 4, 6)).astype("uint8")
LOGITS = RANDOM.normal(size=(2, 4, 6, 3)).astype("float32")


@keras.saving.register_keras_serializable("tests")
def cross_entropy(labels, logits):
    return keras.losses.sparse_categorical_crossentropy(labels, logits, True)


class Halves(keras.losses.Loss):
    """A loss of somebody's own."""

    def call(self, labels, logits):
        return keras.ops.mean(logits, axis=-1) / 2


PARTIAL = functools.partial(
    keras.losses.sparse_categorical_crossentropy, from_logits=True, ignore_class=2
)


@pytest.mark.parametrize(
    "loss",
    [
        cross_entropy,
        focal_loss,
        lambda labels, logits: keras.ops.mean(logits),
        PARTIAL,
        FocalLoss(),
        Halves(),
        Halves(reduction="sum"),
        Halves(reduction=None),
        keras.losses.SparseCategoricalCrossentropy(True, ignore_class=1),
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        "crossentropy",
        [cross_entropy],
    ],
)
@pytest.mark.parametrize("weights", [None, RANDOM.random((2, 4, 6)).astype("float32")])
def test_means_what_it_means_in_keras(loss, weights):
    plain = keras.Sequential([keras.Input((4, 6, 3)), keras.layers.Identity()])
    plain.compile(loss=loss)
    wanted = plain.compute_loss(None, LABELS, LOGITS, weights)
    found = as_loss(loss)(LABELS, LOGITS, weights)
    np.testing.assert_allclose(np.array(found), np.array(wanted), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("FocalLoss", FocalLoss()),
        ("keras_pixda>FocalLoss", FocalLoss()),
        (FocalLoss, FocalLoss()),
        ("focal_loss", focal_loss),
        ("tests>cross_entropy", cross_entropy),
        ({"only": cross_entropy}, cross_entropy),
        (keras.losses.serialize(FocalLoss()), FocalLoss()),
    ],
)
def test_losses_go_by_name(name, loss):
    found, wanted = (float(as_loss(x)(LABELS, LOGITS)) for x in (name, loss))
    assert found == wanted
    assert as_loss(name).name == as_loss(loss).name


def test_the_ignored_class_of_a_function_is_known():
    def own(labels, logits):
        return keras.ops.mean(logits, axis=-1)

    assert not hasattr(as_loss(own), "ignore_class")
    own.ignore_class = 7
    assert as_loss(own).ignore_class == 7
    assert as_loss(focal_loss).ignore_class == 255
    assert as_loss(PARTIAL).ignore_class == 2
    assert as_loss("sparse_categorical_crossentropy").ignore_class is None


def test_what_is_no_loss():
    assert as_loss(None) is None
    with pytest.raises(ValueError, match="'focl_loss' is not known, expected a keras"):
        as_loss("focl_loss")
    with pytest.raises(ValueError, match="loss holds 2 entries, but there is one out"):
        as_loss([cross_entropy, "mse"])
