import pytest

from keras_pixda.comparison.apart import apart


def test_what_is_apart_stays_and_what_collides_moves_as_little_as_it_can():
    assert apart([10, 50, 90], 20, 0, 100) == [10, 50, 90]
    assert apart([52, 50], 20, 0, 100) == [61, 41]
    assert apart([50, 50, 50, 0], 20, 0, 100) == [30, 50, 70, 0]


@pytest.mark.parametrize("wanted", [[99, 99, 99], [1, 1, 1]])
def test_all_lie_inside_if_they_can(wanted):
    places = apart(wanted, 20, 0, 100)
    assert min(places) >= 0
    assert max(places) <= 100
    assert sorted(b - a for a, b in zip(places, places[1:], strict=False)) == [20, 20]


def test_more_than_fit_begin_at_the_top():
    assert apart([5] * 4, 20, 10, 30) == [10, 30, 50, 70]
