from pathlib import Path

import pytest

from keras_pixda.datasets import DataError
from keras_pixda.datasets.choose_shots import choose_shots

CITIES = {"ulm": 4, "bonn": 5, "jena": 3}


def names(record, indices):
    return [Path(record.pairs[index][0]).name for index in indices]


def test_shots_of_every_city(make_record):
    record = make_record(cities=CITIES)
    for shots in (1, 2, 3):
        chosen = choose_shots(record, shots)
        assert chosen == sorted(set(chosen))
        cities = [record.cities[index] for index in chosen]
        assert {city: cities.count(city) for city in CITIES} == dict.fromkeys(
            CITIES, shots
        )
        assert chosen == choose_shots(record, shots)
    draws = {tuple(choose_shots(record, 1, seed)) for seed in range(10)}
    assert len(draws) > 3


def test_a_city_does_not_depend_on_the_others(make_record):
    record = make_record(cities=CITIES)
    alone = record.select([i for i, city in enumerate(record.cities) if city == "ulm"])
    for seed in range(5):
        both = names(record, choose_shots(record, 2, seed))
        assert names(alone, choose_shots(alone, 2, seed)) == [
            name for name in both if name.startswith("ulm")
        ]


def test_more_shots_use_the_fewer(make_record):
    record = make_record(cities=CITIES)
    assert set(choose_shots(record, 1)) < set(choose_shots(record, 3))


def test_list_file(make_record, tmp_path):
    record = make_record(cities=CITIES)
    path = tmp_path / "shots.txt"
    path.write_text("ulm/ulm_002.png\nbonn/bonn_000.png\njena/jena_001.png")
    chosen = choose_shots(record, None, shots_file=path)
    assert names(record, chosen) == ["bonn_000.png", "jena_001.png", "ulm_002.png"]
    assert choose_shots(record, 1, shots_file=path) == chosen
    with pytest.raises(
        ValueError, match=r"shots\.txt names 1 images of city bonn, .* 2"
    ):
        choose_shots(record, 2, shots_file=path)
    path.write_text("ulm/ulm_002.png\nulm/ulm_009.png")
    with pytest.raises(DataError, match=r"shots\.txt, line 2: ulm/ulm_009\.png is not"):
        choose_shots(record, 1, shots_file=path)


@pytest.mark.parametrize(
    ("shots", "seed", "message"),
    [
        (4, 0, "street: city jena has 3 images, 4 shots were asked for"),
        (-1, 0, "shots must be a whole number from 0, received -1"),
        (1.5, 0, "shots must be a whole number from 0, received 1.5"),
        (None, 0, "shots=None needs a shots_file"),
        (1, -1, "seed must not be negative, received -1"),
    ],
)
def test_bad_arguments(make_record, shots, seed, message):
    with pytest.raises(ValueError, match=message):
        choose_shots(make_record(cities=CITIES), shots, seed)


def test_empty_record(make_record):
    with pytest.raises(ValueError, match="no pairs to take shots from"):
        choose_shots(make_record().select([]), 1)
