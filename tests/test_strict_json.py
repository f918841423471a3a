import json
import math

from keras_pixda.strict_json import strict_json


def refuse(text):
    raise AssertionError(f"{text} is no JSON")


def test_what_is_not_finite_is_null():
    values = {"a": [math.nan, 1.5, (math.inf, "NaN")], "b": {"c": -math.inf}, "d": True}
    found = json.loads(strict_json(values, indent=1), parse_constant=refuse)
    assert found == {"a": [None, 1.5, [None, "NaN"]], "b": {"c": None}, "d": True}


def test_what_is_not_finite_can_be_told_otherwise():
    assert strict_json([math.inf, 1], str) == '["inf", 1]'
