import json
import math

from keras_pixda.strict_json import nan_for_null, strict_json


def refuse(text):
    raise AssertionError(f"{text} is no JSON")


def test_what_is_not_finite_is_null_and_nan_again():
    values = {"a": [math.nan, 1.5, (math.inf, "NaN")], "b": {"c": -math.inf}, "d": True}
    found = json.loads(strict_json(values, indent=1), parse_constant=refuse)
    assert found == {"a": [None, 1.5, [None, "NaN"]], "b": {"c": None}, "d": True}
    again = nan_for_null(found)
    assert math.isnan(again["a"][0])
    assert math.isnan(again["b"]["c"])
    assert again["a"][1] == 1.5
    assert again["d"] is True
