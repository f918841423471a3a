import math

import pytest

from keras_pixda.visualization import over_seeds


def cell(method, shots, value, **more):
    return {"method": method, "shots": shots, "iou": {"mean_iou": value}, **more}


RESULTS = [
    cell("source_only", 1, 0.2, seconds=5.0),
    cell("fda", 1, 0.1, seconds=1.0),
    cell("fda", 1, 0.4, seconds=3.0),
    cell("fda", 3, 0.7, seconds=9.0),
]


def test_mean_and_spread_are_those_of_one_method_and_number_of_shots():
    assert over_seeds(RESULTS, "fda", 1, "mean_iou") == pytest.approx((0.25, 0.15))
    assert over_seeds(RESULTS, "fda", 1, "seconds") == pytest.approx((2.0, 1.0))


def test_one_value_has_no_spread_and_none_no_mean():
    mean, spread = over_seeds(RESULTS, "fda", 3, "mean_iou")
    assert mean == 0.7
    assert math.isnan(spread)
    assert all(map(math.isnan, over_seeds(RESULTS, "fda", 5, "mean_iou")))
    assert all(map(math.isnan, over_seeds(RESULTS, "fda", 1, "train")))


def test_source_only_counts_for_every_number_of_shots():
    assert over_seeds(RESULTS, "source_only", 5, "mean_iou")[0] == 0.2


@pytest.mark.parametrize("missing", [None, math.nan])
def test_missing_values_are_left_out(missing):
    results = [*RESULTS, cell("fda", 1, missing)]
    assert over_seeds(results, "fda", 1, "mean_iou") == pytest.approx((0.25, 0.15))
