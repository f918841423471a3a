"""Data sets whose pictures are asked for alone, and what refuses such a record."""

import dataclasses
import os

import pytest

from keras_pixda.datasets import (
    DATASETS,
    FewShotDomainDataset,
    NamedDataset,
    SegmentationDataset,
    class_pixels,
    load,
    read_pair,
)
from keras_pixda.datasets.choose_shots import choose_shots
from keras_pixda.datasets.reader import read_labels

LAYOUTS = {
    "gta5:ROOT": ["images/00001.png", "images/15188.png"],
    "gta5-train-ids:ROOT": ["images/00001.png"],
    "synthia:ROOT": ["RGB/0000000.png"],
    "cityscapes:ROOT": ["leftImg8bit/train/ulm/ulm_000000_000019_leftImg8bit.png"],
    "camvid:ROOT": ["train/0001TP_006690.png"],
    "camvid:ROOT/": ["train/images/0001TP_006690.jpg"],
    "camvid:ROOT/.": ["701_StillsRaw_full/0001TP_006690.png"],
    "idda:ROOT": ["images/1_T01_CN_A.jpg", "train.txt"],
    "folder:ROOT/photos,nowhere,nothing.txt": ["photos/a.png"],
    "images:ROOT": ["a.png"],
}


@pytest.mark.parametrize("data", LAYOUTS)
def test_masks_need_not_be_there(data, tmp_path):
    for name in LAYOUTS[data]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1_T01_CN_A")
    place = data.replace("ROOT", str(tmp_path))
    record = load(place, unlabelled=True)
    assert not record.labelled
    assert record.pairs == ((str(tmp_path / LAYOUTS[data][0]), None),)
    if data != "images:ROOT":
        with pytest.raises((FileNotFoundError, ValueError)):
            load(place)


def test_a_data_set_from_elsewhere_gives_its_pictures_too(make_record, monkeypatch):
    record = make_record()
    monkeypatch.setitem(DATASETS, "mine", NamedDataset(lambda root: record))
    assert load("mine:x", unlabelled=True) == record.pictures()
    assert load("mine:x") is record


def test_a_record_has_masks_for_all_pictures_or_for_none(make_record):
    record = make_record()
    pictures = record.pictures()
    assert repr(pictures).startswith("SegmentationRecord('street', 4 pictures without")
    assert pictures.select([]).labelled is False
    assert pictures.pictures() == pictures
    mixed = (*record.pairs[:3], *pictures.pairs[3:])
    for labelled, expected in ((True, "none"), (False, "all")):
        with pytest.raises(
            ValueError, match=f"[13] of 4 .* expected {expected} of"
        ) as e:
            dataclasses.replace(record, pairs=mixed, labelled=labelled)
        assert f"labelled={labelled}" in str(e.value)


@pytest.mark.parametrize(
    "read",
    [
        lambda record, _: read_pair(record, 0),
        lambda record, _: read_labels(record, 0),
        lambda record, _: class_pixels(record, verbose=False),
        lambda record, _: choose_shots(record, 1),
        lambda record, _: SegmentationDataset(record),
        lambda record, other: FewShotDomainDataset(record, other, 1, 1, (8, 8)),
        lambda record, other: FewShotDomainDataset(other, record, 1, 1, (8, 8)),
    ],
)
def test_whatever_reads_masks_refuses_pictures_alone(make_record, read):
    record = make_record()
    with pytest.raises(
        ValueError, match=r"^street holds pictures without .*unlabelled"
    ):
        read(record.pictures(), record)


def test_masks_are_never_opened(make_record):
    source, target = make_record("rendered"), make_record("real")
    for _, mask in target.pairs:
        os.unlink(mask)
        os.mkfifo(mask)  # Who opened one would wait for ever.
    dataset = FewShotDomainDataset(source, None, 0, 2, (12, 16), unlabelled=target)
    assert dataset[0][0]["unlabelled"].shape == (2, 12, 16, 3)
