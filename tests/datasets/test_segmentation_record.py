import dataclasses

import pytest

from keras_pixda.datasets import SegmentationRecord

FACTS = {
    "name": "street",
    "pairs": (("a.jpg", "a.png"), ("b.jpg", "b.png"), ("c.jpg", "c.png")),
    "classes": ("road", "car"),
    "palette": ((1, 2, 3), (4, 5, 6)),
    "id_map": {7: 0, 26: 1, 0: 255},
    "cities": ("ulm", "ulm", "bonn"),
}


def test_select_keeps_everything_parallel():
    record = SegmentationRecord(**FACTS, ignore_masks=("x", None, "z"), crop=2.0)
    smaller = record.select([2, 0, 2])
    assert len(record) == 3
    assert smaller.pairs == (FACTS["pairs"][2], FACTS["pairs"][0], FACTS["pairs"][2])
    assert smaller.cities == ("bonn", "ulm", "bonn")
    assert smaller.ignore_masks == ("z", "x", "z")
    assert (smaller.name, smaller.crop) == ("street", 2.0)


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SegmentationRecord(**FACTS).name = "other"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cities": ("ulm",)}, "cities has 1 entries, expected one for each pair, 3"),
        ({"ignore_masks": ("x",)}, "ignore_masks has 1 entries"),
        ({"palette": ()}, "palette has 0 entries, expected one for each class, 2"),
        ({"classes": (), "palette": ()}, "expected 1 to 253 classes, received 0"),
        ({"id_map": {7: 2}}, "sends 7 to 2, expected 0..1 or 255"),
        ({"id_map": {-1: 255}}, "id_map key -1"),
        ({"id_map": {(1, 2, 300): 0}}, r"id_map key \(1, 2, 300\)"),
        ({"id_map": {(1, 2, 3): 0, 4: 1}}, "id_map key 4"),
        ({"id_map": {4: 1, (1, 2, 3): 0}}, r"id_map key \(1, 2, 3\)"),
        ({"ignore_class": 1, "id_map": {}}, "ignore_class 1"),
    ],
)
def test_facts_must_fit(change, message):
    with pytest.raises(ValueError, match=message):
        SegmentationRecord(**FACTS | change)


def test_repr_is_short_however_many_pairs():
    count = 24_966
    record = SegmentationRecord(
        **FACTS
        | {
            "pairs": tuple((f"{i:05d}.png", f"{i:05d}.png") for i in range(count)),
            "cities": ("ulm", "bonn") * (count // 2),
            "ignore_masks": (),
        }
    )
    assert (
        repr(record) == "SegmentationRecord('street', 24966 pairs, 2 classes, 2 groups)"
    )
