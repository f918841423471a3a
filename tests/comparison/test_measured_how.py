import types

import pytest

from keras_pixda.comparison.measured_how import measured_how
from keras_pixda.runs import Settings


class Record(list):
    def __init__(self, name, length):
        super().__init__(range(length))
        self.name = name


@pytest.mark.parametrize("weights", [None, "a/folder/of/mine/a.keras"])
def test_what_a_reader_must_know(weights, change):
    records = types.SimpleNamespace(
        source=Record("GTA5", 400),
        target=Record("Cityscapes", 60),
        validation=Record("Cityscapes", 500),
        unlabelled=None,
    )
    settings = change(source_steps=6, steps=5, distillation_steps=2, weights=weights)
    names = ["source_only", "fine_tuning", "no_selection"]
    facts = measured_how(settings, records, ["road", "car"], names)
    machine = facts.pop("Machine")
    assert "TensorFlow" in machine
    assert "cores" in machine
    differing = facts.pop("Settings")
    assert differing.startswith("preset small, but `image_size 32 48`, `batch_size 2`")
    assert "`pixda.threshold -1.0`" in differing
    assert "weights" not in differing
    start = "weights of a.keras, for all seeds"
    assert facts == {
        "Source": "GTA5, 400 images",
        "Target": "Cityscapes, 60 images to draw from",
        "Measured on": "Cityscapes, 500 images at label size",
        "Well represented": "road, car",
        "Network": "small, images of 48 x 32 pixels",
        "Start": start if weights else "6 source-only steps for each seed",
        "Budget": "7 batches of 2 target images for every method",
    }


def test_rows_that_ended_early_are_named(change):
    record = Record("Cityscapes", 60)
    records = types.SimpleNamespace(
        source=record, target=record, validation=record, unlabelled=None
    )
    settings = change(source_steps=6, steps=5, distillation_steps=2, batch_size=2)
    batches = {
        "source_only": [0],
        "fine_tuning": [7, 7],
        "pixda": [7, 4, 3],
        "no_selection": [5],
    }
    cells = [
        {"method": name, "batches": number}
        for name, numbers in batches.items()
        for number in numbers
    ]
    cells.append({"method": "fda"})  # Of a version that did not count.
    facts = measured_how(settings, records, ["road"], [*batches, "fda"], cells)
    assert facts["Budget"] == (
        "7 batches of 2 target images for every method; ended early: "
        "PixDA after 3 to 4, PixDA without selection after 5"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"segmenter": "efficientnet_lite0"}, "efficientnet_lite0, pretrained"),
        (
            {"segmenter": "efficientnet_lite0", "pretrained": False},
            "efficientnet_lite0",
        ),
        ({"segmenter": "a/folder/of/mine/a.keras"}, "a.keras, pretrained"),
    ],
)
def test_networks_that_begin_pretrained_are_called_so(changes, expected, change):
    record = Record("Cityscapes", 60)
    records = types.SimpleNamespace(
        source=record, target=record, validation=record, unlabelled=None
    )
    facts = measured_how(change(**changes), records, ["road"], ["source_only"])
    assert facts["Network"] == f"{expected}, images of 48 x 32 pixels"


@pytest.mark.parametrize(
    ("preset", "changes", "text"),
    [
        ("small", {"seed": 0}, "preset small"),
        ("published", {"shots": 3}, "preset published"),
        (
            "small",
            {"fda.entropy_weight": 0.1, "pixda.growth": 0.2, "save_every": 9},
            "preset small, but `save_every 9`, `fda.entropy_weight 0.1`",
        ),
        ("small", {"shots_file": "/a/b/c.txt"}, "preset small, but `shots_file c.txt`"),
    ],
)
def test_settings_of_the_methods_that_ran_are_told_where_they_differ(
    preset, changes, text
):
    settings = Settings.preset(preset, source="gta5:a", target="gta5:b", **changes)
    record = Record("GTA5", 4)
    records = types.SimpleNamespace(
        source=record, target=record, validation=record, unlabelled=None
    )
    facts = measured_how(settings, records, [], ["source_only", "fda"])
    assert facts["Settings"] == text
