import types

import pytest

from keras_pixda.comparison.measured_how import measured_how


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
    )
    settings = change(source_steps=6, steps=5, distillation_steps=2, weights=weights)
    facts = measured_how(settings, records, ["road", "car"])
    machine = facts.pop("Machine")
    assert "TensorFlow" in machine
    assert "cores" in machine
    start = "weights of a.keras, for all seeds"
    assert facts == {
        "Source": "GTA5, 400 images",
        "Target": "Cityscapes, 60 images to draw from",
        "Measured on": "500 images at label size",
        "Well represented": "road, car",
        "Network": "small, images of 48 x 32 pixels",
        "Start": start if weights else "6 source-only steps for each seed",
        "Budget": "7 batches of 2 target images for every method",
    }


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
    records = types.SimpleNamespace(source=record, target=record, validation=record)
    facts = measured_how(change(**changes), records, ["road"])
    assert facts["Network"] == f"{expected}, images of 48 x 32 pixels"
