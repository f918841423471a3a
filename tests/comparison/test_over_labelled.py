import numpy as np

from keras_pixda.comparison.over_labelled import over_labelled

NAN = float("nan")


def test_means_are_over_the_labelled_classes_for_every_method():
    honest = {"mean_iou": 0.5, "road": 0.6, "car": 0.3, "pole": 0.6, "bus": NAN}
    guessing = {**honest, "mean_iou": 0.375, "bus": 0.0}
    labelled, well = ["road", "car", "pole"], ["road", "car"]
    found = over_labelled(guessing, labelled, well)
    assert over_labelled(honest, labelled, well).pop("absent_share") == 0
    np.testing.assert_equal(
        found, over_labelled(honest, labelled, well) | {"absent_share": NAN}
    )
    assert list(found) == [
        *("mean_iou", "well_iou", "under_iou", "absent_share"),
        *("road", "car", "pole", "bus"),
    ]
    np.testing.assert_allclose(list(found.values())[:3], [0.5, 0.45, 0.6])
    assert np.isnan([found["absent_share"], found["bus"]]).all()


def test_no_mean_over_no_class():
    iou = {"mean_iou": 0.5, "well_iou": 0.5, "under_iou": NAN, "road": 0.5}
    assert list(over_labelled(iou, ["road"], ["road"])) == [
        *("mean_iou", "well_iou", "absent_share", "road")
    ]
