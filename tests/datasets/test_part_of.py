import pytest

from keras_pixda.datasets import part_of


def test_a_quarter_of_each_city_and_the_others(record_of):
    frames = [("a", f"a{n}") for n in range(40)] + [("b", f"b{n}") for n in range(4)]
    record = record_of(frames)
    tuning, rest = part_of(record, "tuning"), part_of(record, "rest")
    assert [image for image, _ in tuning.pairs] == [f"a{n}" for n in range(8)] + ["b0"]
    expected = [f"a{n}" for n in range(10, 40)] + ["b1", "b2", "b3"]
    assert [image for image, _ in rest.pairs] == expected
    assert tuning.name == "streets, tuning part"


@pytest.mark.parametrize("count", range(4, 120))
def test_no_frame_is_in_both_and_no_neighbours_of_a_drive(record_of, count):
    record = record_of([("a", f"{n}") for n in range(count)])
    tuning, rest = (
        [int(image) for image, _ in part_of(record, part).pairs]
        for part in ("tuning", "rest")
    )
    assert tuning
    assert rest == [*range(count // 4, count)]
    if count >= 8:
        assert rest[0] - tuning[-1] > 1


def test_too_few(record_of):
    record = record_of([("a", f"{n}") for n in range(3)])
    with pytest.raises(ValueError, match=r"no tuning part: leave \?part=tuning out"):
        part_of(record, "tuning")
    with pytest.raises(ValueError, match="part is 'third', expected one of"):
        part_of(record, "third")
