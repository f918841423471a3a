"""Masks that mean something else than they are read as are noticed, honest ones not."""

import numpy as np
import pytest

from keras_pixda.datasets import (
    SegmentationRecord,
    check,
    cityscapes,
    folder,
    gta5,
    idda,
    synthia,
)
from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_ID_MAP,
)
from keras_pixda.datasets.conventions import conventions
from keras_pixda.datasets.data_check import DataCheck

PLACES = {
    gta5: ("images/1.png", "labels/1.png"),
    synthia: ("RGB/1.png", "GT/LABELS/1.png"),
    cityscapes: (
        "leftImg8bit/train/ulm/ulm_1_leftImg8bit.png",
        "gtFine/train/ulm/ulm_1_gtFine_labelIds.png",
    ),
    idda: ("images/1_T01_CN_A.png", "masks/1_T01_CN_A.png"),
}
# Of the same street, as train ids of Cityscapes and of CamVid.
TRAIN_IDS = [0, 1, 2, 7, 8, 10, 13, 255]
CAMVID_TRAIN_IDS = [3, 4, 1, 6, 5, 0, 8]
STREETS = {
    # As each data set labels road, sidewalk, building, sign, vegetation, sky and car.
    gta5: [7, 8, 11, 20, 21, 23, 26, 0],
    cityscapes: [7, 8, 11, 20, 21, 23, 26, 1, 3],
    synthia: [3, 4, 2, 9, 6, 1, 8, 0],
    idda: [7, 8, 1, 12, 9, 20, 10, 0],
}


@pytest.fixture
def make(write, tmp_path):
    """Return `make(function, ids)`: the record of one pair whose mask holds the ids."""

    def make(function, ids, **options):
        image, mask = PLACES[function]
        write(image, np.zeros((24, 32, 3), np.uint8))
        write(mask, np.resize(np.array(ids, np.uint8), (24, 32)))
        if function is idda:
            write("hood_A.png", 0)
            (tmp_path / "train.txt").write_text("1_T01_CN_A")
        return function(tmp_path, **options)

    return make


def problems(record):
    return [finding.problem for finding in DataCheck(record).findings]


@pytest.mark.parametrize("function", PLACES)
def test_train_ids_where_label_ids_are_expected(make, function):
    ids = CAMVID_TRAIN_IDS if function is idda else TRAIN_IDS
    record = make(function, ids)
    found = [text for text in problems(record) if "look like train ids" in text]
    assert len(found) == 1
    assert "other ids are expected" in found[0]
    [finding] = [f for f in check(record) if "look like train ids" in f.problem]
    assert f"{function.__name__}-train-ids:ROOT" in finding.remedy
    assert problems(make(function, ids, masks="train_ids")) == []
    assert problems(make(function, STREETS[function])) == []


@pytest.mark.parametrize("ids", [[7], [0, 7, 8], [7, 8, 11, 12, 13, 17, 1], [0, 33]])
def test_a_few_honest_label_ids_are_no_train_ids(make, ids):
    assert problems(make(gta5, ids)) == []


def test_label_ids_where_train_ids_are_expected(make, write, tmp_path):
    record = make(cityscapes, STREETS[cityscapes], masks="train_ids")
    assert "look like the label ids of Cityscapes" in problems(record)[-1]
    images, masks = (
        next((tmp_path / name).rglob("*.png")).parent
        for name in ("leftImg8bit", "gtFine")
    )
    (images / "ulm_1_leftImg8bit.png").rename(images / "ulm_1_gtFine_labelIds.png")
    record = folder(images, masks, CITYSCAPES_CLASSES)
    assert any("look like the label ids of Cityscapes" in p for p in problems(record))
    record = folder(images, masks, CITYSCAPES_CLASSES, id_map=CITYSCAPES_ID_MAP)
    assert not any("look like" in problem for problem in problems(record))


def plain(classes, id_map=None):
    return SegmentationRecord(
        name="own",
        pairs=(),
        classes=classes,
        palette=((0, 0, 0),) * len(classes),
        id_map=id_map or {**{i: i for i in range(len(classes))}, 255: 255},
        cities=(),
    )


@pytest.mark.parametrize(
    ("classes", "ids", "text"),
    [
        ("ab", (0, 255), "0 and 255 alone"),
        ("abc", (0, 255), "0 and 255 alone"),
        ("ab", (0, 1, 255), None),
        ("ab", (0,), None),
        ("abc", (0, 1, 2), None),
        ("abc", (0, 1, 2, 3), "counted from 1"),
        ("abc", (1, 2, 3, 255), "counted from 1"),
        ("abc", (0, 1, 2, 4), None),
    ],
)
def test_masks_of_ones_own(classes, ids, text):
    found = conventions(plain(tuple(classes)), dict.fromkeys(ids, 10))
    assert len(found) == (text is not None)
    assert not found or text in found[0].problem
    assert all(finding.file == "own" for finding in found)


def test_a_map_that_says_so_is_no_convention():
    assert conventions(plain(("a", "b"), {0: 0, 255: 1}), {0: 9, 255: 9}) == []
    shifted = plain(("a", "b"), {0: 255, 1: 0, 2: 1})
    assert conventions(shifted, {0: 9, 1: 9, 2: 9}) == []


def test_remedies_say_what_the_command_line_can_do(make):
    [black_and_white] = conventions(plain(("a", "b")), {0: 9, 255: 9})
    assert black_and_white.remedy == (
        "If they are, write 1 for 255 in them, or read them in Python, by a record "
        "with id_map={0: 0, 255: 1}."
    )
    record = make(gta5, STREETS[gta5], masks="train_ids")
    [found] = [f for f in check(record) if "look like the label ids" in f.problem]
    assert "gta5:ROOT on the command line reads them" in found.remedy
