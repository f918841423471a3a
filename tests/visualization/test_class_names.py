import pytest

from keras_pixda.metrics import ClassIoU
from keras_pixda.visualization.class_names import absent_percent, class_names


def test_all_that_a_metric_tells_beside_classes_is_left_out():
    metric = ClassIoU(("road", "car"), well=("road",))
    assert class_names(metric.result()) == ["road", "car"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0"),
        (0.0000012, "0.00012"),
        (0.0123, "1.2"),
        (0.0204, "2"),
        (0.9949, "99"),
        (0.9951, "100"),
        (1.0, "100"),
    ],
)
def test_a_share_has_two_digits_and_all_is_a_hundred(share, text):
    assert absent_percent(share) == text
