"""Facts of every data set that can be asked for by name."""

import importlib
import inspect

import pytest

from keras_pixda.datasets import DATASETS, NamedDataset, SegmentationRecord, load


@pytest.mark.parametrize("name", DATASETS)
def test_declares_what_its_reader_takes(name):
    named = DATASETS[name]
    reader = named.reader
    if isinstance(reader, str):
        module, _, function = reader.partition(":")
        reader = getattr(importlib.import_module(module), function)
    taken = inspect.signature(reader).parameters
    needed = [p.name for p in taken.values() if p.default is p.empty]
    assert len(named.places) == len(needed)
    assert bool(named.splits) == ("split" in taken)
    assert named.train_ids == ("masks" in taken and "masks" not in needed)
    if named.splits:
        # Whoever calls it in Python trains on the same as the command line.
        assert taken["split"].default == named.training_split
        assert named.evaluation_split != named.training_split


def test_one_from_outside(monkeypatch):
    record = SegmentationRecord(
        "mine", (("a.png", "b.png"),), ("road",), ((0, 0, 0),), {0: 0}, ("ulm",)
    )
    asked = []

    def mine(place, split):
        asked.append((place, split))
        return record

    named = NamedDataset(
        mine,
        places=("PLACE",),
        splits=("first", "second"),
        training_split="first",
        evaluation_split="second",
        train_ids=False,
    )
    monkeypatch.setitem(DATASETS, "mine", named)
    assert load("mine:a,b") is record
    load("mine:c", evaluation=True)
    load("mine:d", split="third", evaluation=True)
    assert asked == [("a,b", "first"), ("c", "second"), ("d", "third")]
    with pytest.raises(ValueError, match="unknown data set 'mine-train-ids'"):
        load("mine-train-ids:a")
    with pytest.raises(ValueError, match="expected one of .*mine:PLACE"):
        load("min:a")
