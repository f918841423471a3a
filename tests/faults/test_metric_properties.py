"""The IoU of any labels and predictions equals counting in plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keras_pixda.metrics import ClassIoU, confusion_matrix, iou_from_confusion

IGNORED = 255
NAMES = ("road", "traffic light", "sky", "person", "pole")
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


@st.composite
def predicted(draw):
    """Number of classes, labels and predictions."""
    classes = draw(st.integers(1, len(NAMES)))
    shape = draw(SHAPES)
    known = st.integers(0, classes - 1)
    labels = draw(arrays(np.uint8, shape, elements=known | st.just(IGNORED)))
    return classes, labels, draw(arrays(np.int32, shape, elements=known))


def counted(classes, labels, predictions):
    matrix = np.zeros((classes, classes))
    for label, prediction in zip(labels.flat, predictions.flat, strict=True):
        if label != IGNORED:
            matrix[label, prediction] += 1
    return matrix


def ious(classes, labels, predictions):
    """Intersection over union by sets of pixels."""
    values = []
    for index in range(classes):
        truth = (labels == index) & (labels != IGNORED)
        guess = (predictions == index) & (labels != IGNORED)
        union = (truth | guess).sum()
        values.append((truth & guess).sum() / union if truth.any() else np.nan)
    return values


@given(predicted())
def test_counts(case):
    classes, labels, predictions = case
    found = confusion_matrix(labels, predictions, classes)
    np.testing.assert_array_equal(found, counted(*case))
    np.testing.assert_allclose(iou_from_confusion(found), ious(*case), rtol=1e-12)


@given(predicted(), st.data())
def test_metric_of_logits_in_batches(case, data):
    classes, labels, predictions = case
    names = NAMES[:classes]
    well = data.draw(st.sets(st.sampled_from(names)))
    metric = ClassIoU(names, well=sorted(well))
    # The winning class by a hair or by much.
    logits = np.eye(classes, dtype="float32")[predictions] * np.float32(
        data.draw(st.sampled_from([1e-3, 1, 1e9]))
    )
    cut = data.draw(st.integers(0, len(labels)))
    for part in (slice(cut), slice(cut, None)):
        if len(labels[part]):
            metric.update_state(labels[part], logits[part])
    result = {name: float(value) for name, value in metric.result().items()}
    expected = np.array(ious(*case))

    def mean(chosen):
        present = [v for v in chosen if not np.isnan(v)]
        return np.mean(present) if present else np.nan

    np.testing.assert_allclose([result[name] for name in names], expected, rtol=1e-6)
    inside = np.isin(names, sorted(well))
    for name, chosen in (
        ("mean_iou", expected),
        ("well_iou", expected[inside]),
        ("under_iou", expected[~inside]),
    ):
        assert (name in result) == bool(len(chosen))
        if name in result:
            np.testing.assert_allclose(result[name], mean(chosen), rtol=1e-6)
    counted_pixels = labels != IGNORED
    absent = np.isnan(expected)[predictions] & counted_pixels
    share = absent.sum() / max(1, counted_pixels.sum())
    np.testing.assert_allclose(result["absent_share"], share, rtol=1e-6)


@given(predicted(), st.integers(0, 254), st.data())
def test_no_unknown_label_goes_unnoticed(case, unknown, data):
    classes, labels, predictions = case
    place = tuple(data.draw(st.integers(0, size - 1)) for size in labels.shape)
    labels[place] = unknown
    metric = ClassIoU(NAMES[:classes])
    if unknown < classes:
        metric.update_state(labels, predictions)
    else:
        with pytest.raises(ValueError, match=rf"\b{unknown}\b"):
            metric.update_state(labels, predictions)
