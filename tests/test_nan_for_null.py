import math

from keras_pixda.nan_for_null import nan_for_null


def test_null_is_nan_wherever_it_stands_and_the_rest_as_it_was():
    again = nan_for_null({"a": [None, 1.5, [None, "NaN"]], "b": {"c": None}, "d": True})
    assert math.isnan(again["a"][0])
    assert math.isnan(again["a"][2][0])
    assert math.isnan(again["b"]["c"])
    assert again["a"][1] == 1.5
    assert again["a"][2][1] == "NaN"
    assert again["d"] is True
