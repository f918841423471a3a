import math

from keras_pixda.comparison.plus_minus import plus_minus


def test_a_spread_of_zero_is_one_and_none_is_nothing():
    assert plus_minus(0.0) == " ± 0.0"
    assert plus_minus(1.26, " (± {:.1f})") == " (± 1.3)"
    assert plus_minus(math.nan) == ""
