import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import (
    FocalLoss,
    OneHotLoss,
    PixAdvLoss,
    class_imbalance,
    focal_loss,
)
from keras_pixda.losses.label_assertion import clear_label_errors
from keras_pixda.losses.wrong_labels import WrongLabelsError, wrong_labels

LOGITS = np.zeros((1, 2, 3, 4), "float32")
LABELS = np.array([[[0, 9, 255], [9, 3, 300]]])
SHOWN = (
    r"labels hold \[9, 300\] in 3 of 6 pixels, expected 0..3 or the ignore_class 255: "
    "map the ids of the masks to classes first."
)


def pix_adv(labels, logits, **options):
    return PixAdvLoss(**options)(labels, (logits, logits[..., :1]))


def one_hot(labels, logits):
    return OneHotLoss(keras.losses.Dice())(labels, logits)


LOSSES = [
    FocalLoss(),
    focal_loss,
    pix_adv,
    lambda labels, logits: pix_adv(labels, logits, maps=()),
    lambda labels, logits: pix_adv(labels, logits, maps=("imbalance", "surprise")),
    one_hot,
]


@pytest.mark.parametrize(
    ("loss", "dtype"),
    [(loss, "int32") for loss in LOSSES]
    + [(FocalLoss(), dtype) for dtype in ("int16", "int64", "uint16", "float32")],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_wrong_labels_are_named(loss, dtype, compiled):
    labels = tf.constant(LABELS.astype(dtype))
    loss = tf.function(loss) if compiled else loss
    with pytest.raises(WrongLabelsError, match=SHOWN), clear_label_errors():
        loss(labels, tf.constant(LOGITS))


@pytest.mark.parametrize("loss", LOSSES)
def test_under_xla_they_are_nan(loss):
    compiled = tf.function(loss, jit_compile=True)
    labels = tf.constant(LABELS, "int32")
    assert np.isnan(np.array(compiled(labels, tf.constant(LOGITS)))).any()
    right = np.where(LABELS > 8, 1, LABELS)
    right[0, 0, 2] = 255
    right = tf.constant(right, "int32")
    assert np.isfinite(np.array(compiled(right, tf.constant(LOGITS)))).all()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.5, 1.0], r"\[0.5\] in 1 of 2 .* not whole: resize masks by the nearest"),
        ([np.nan, 1.0], r"\[nan\] in 1 of 2 "),
        ([-1, -2], r"\[-2, -1\] in 2 of 2 "),
        ([65535, 1], r"\[65535\] in 1 of 2 "),
    ],
)
def test_strange_values(values, shown, compiled):
    loss = tf.function(FocalLoss()) if compiled else FocalLoss()
    with pytest.raises(ValueError, match=shown), clear_label_errors():
        loss(tf.constant([[values]]), tf.zeros((1, 1, 2, 4)))


@pytest.mark.parametrize("compiled", [False, True])
def test_ten_values_are_named(compiled):
    loss = tf.function(FocalLoss()) if compiled else FocalLoss()
    labels = tf.reshape(tf.range(40), (1, 5, 8))
    match = r"hold \[3, 4, .*, 12\] in 37 of 40"
    with pytest.raises(ValueError, match=match), clear_label_errors():
        loss(labels, tf.zeros((1, 5, 8, 3)))


def test_the_remedy_for_ignored_pixels():
    labels = np.array([[[0, 255]]])
    with pytest.raises(ValueError, match=r"ignore_class=255\.$"):
        FocalLoss(ignore_class=None)(labels, np.zeros((1, 1, 2, 4)))


def test_whole_labels_of_any_type_are_right():
    labels = np.array([[[0, 1, 255]]])
    for dtype in ("uint8", "int8", "uint32", "uint64", "int64", "float16", "float64"):
        ignored = -1 if dtype == "int8" else 255
        given = labels.astype(dtype)
        assert not np.array(wrong_labels(given, 2, ignored)).any(), dtype
        loss = FocalLoss(ignore_class=ignored)(given, np.zeros((1, 1, 3, 2)))
        assert float(loss) == pytest.approx(np.log(2) / 4), dtype


def test_other_errors_stay_as_they_are():
    with pytest.raises(tf.errors.InvalidArgumentError), clear_label_errors():
        tf.debugging.assert_equal(1, 2)


@pytest.mark.parametrize("ignored", [-1, 255, 65535])
def test_ignored_pixels_are_no_class_of_the_imbalance(ignored):
    labels = np.array([[[0, 0, 1, ignored]]])
    found = class_imbalance(labels, ignore_class=ignored)
    np.testing.assert_allclose(np.array(found)[0, 0], [0.5, 0.5, 0.75, 0.75])
    found = class_imbalance(labels, ignored, "labelled")
    np.testing.assert_allclose(np.array(found)[0, 0, :3], [1 / 3, 1 / 3, 2 / 3])


def test_the_imbalance_of_many_classes():
    labels = np.array([[[0, 300, 300, 299]]])
    with pytest.raises(ValueError, match=r"hold \[299, 300\] in 3 of 4"):
        class_imbalance(labels)
    found = class_imbalance(labels, num_classes=301)
    np.testing.assert_allclose(np.array(found)[0, 0], [0.75, 0.5, 0.5, 0.75])


def test_a_plain_model_keeps_its_weights():
    segmenter = keras.Sequential([keras.Input((2, 3, 3)), keras.layers.Conv2D(4, 1)])
    segmenter.compile("sgd", FocalLoss())
    before = segmenter.get_weights()
    images = np.ones((1, 2, 3, 3))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"\[labels hold\] \[9 300"
    ):
        segmenter.fit(images, LABELS, verbose=0)
    for value, wanted in zip(segmenter.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, wanted)
