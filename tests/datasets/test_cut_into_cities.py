import collections

import pytest

from keras_pixda.datasets import cut_into_cities
from keras_pixda.datasets.choose_shots import choose_shots


def test_runs_in_order_of_sequence_and_frame(record_of):
    frames = [("drive", f"{n}.jpg") for n in (10, 2, 1, 11, 3)]
    record = cut_into_cities(record_of(frames), 2)
    assert dict(zip([i for _, i in frames], record.cities, strict=True)) == {
        "1.jpg": "run 1 of 2",
        "2.jpg": "run 1 of 2",
        "3.jpg": "run 1 of 2",
        "10.jpg": "run 2 of 2",
        "11.jpg": "run 2 of 2",
    }


def test_shots_are_as_many_of_each(record_of):
    record = cut_into_cities(record_of([("a", f"{n}") for n in range(367)]), 18)
    counts = collections.Counter(record.cities)
    assert {*counts.values()} == {20, 21}
    assert [*counts] == sorted(counts)  # Also by name: 02 comes before 10.
    shots = choose_shots(record, 3, seed=1)
    chosen = collections.Counter(record.cities[index] for index in shots)
    assert [*chosen.values()] == [3] * 18


@pytest.mark.parametrize("cities", [0, 4])
def test_too_many(record_of, cities):
    record = record_of([("a", f"{n}") for n in range(3)])
    with pytest.raises(ValueError, match=rf"cities is {cities}, expected 1 to 3"):
        cut_into_cities(record, cities)
