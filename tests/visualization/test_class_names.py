from keras_pixda.metrics import ClassIoU
from keras_pixda.visualization.class_names import class_names


def test_all_that_a_metric_tells_beside_classes_is_left_out():
    metric = ClassIoU(("road", "car"), well=("road",))
    assert class_names(metric.result()) == ["road", "car"]
