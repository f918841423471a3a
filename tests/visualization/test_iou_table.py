import math

import pytest

from keras_pixda.visualization import iou_table

CITYSCAPES = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light",
    "traffic sign", "vegetation", "terrain", "sky", "person", "rider", "car", "truck",
    "bus", "train", "motorcycle", "bicycle",
)  # fmt: skip


def test_result_alone():
    result = {"mean_iou": 0.12345, "road": 1.0, "car": math.nan}
    assert iou_table(result) == (
        "class    IoU %\n"
        "--------------\n"
        "road     100.0\n"
        "car          -\n"
        "--------------\n"
        "mean      12.3"
    )


def test_change_and_best():
    result = {"mean_iou": 0.5, "road": 0.5, "car": 0.5, "sky": math.nan}
    previous = {"mean_iou": 0.6, "road": 0.50004, "car": math.nan, "sky": 0.5}
    table = iou_table(result, previous, best={"mean_iou": 0.6, "road": 0.75})
    assert table.split("\n")[2:] == [
        "road      50.0    +0.0    75.0",
        "car       50.0       -       -",
        "sky          -       -       -",
        "------------------------------",
        "mean      50.0   -10.0    60.0",
    ]


def test_marks_well_represented_classes():
    result = {"mean_iou": 0.5, "well_iou": 0.9, "under_iou": 0.1, "road": 0.9, "car": 0}
    lines = iou_table(result, well=["road"]).split("\n")
    assert lines[2:4] == ["road *     90.0", "car         0.0"]
    assert lines[5:8] == ["mean       50.0", "well       90.0", "under      10.0"]
    assert lines[8].startswith("* well represented")
    with pytest.raises(ValueError, match="'bus'"):
        iou_table(result, well=["bus"])


@pytest.mark.parametrize("long_name", ["bus", "a very long class name " * 6])
def test_fits_80_columns(long_name):
    names = ("mean_iou", "well_iou", "under_iou", *CITYSCAPES, long_name + "!")
    result = dict.fromkeys(names, 1.0)
    worst = dict.fromkeys(names, 0.0)
    table = iou_table(result, worst, result, well=["road"], title="Epoch 100")
    lines = table.split("\n")
    assert max(map(len, lines)) <= 80
    assert len(lines) == 2 + 20 + 1 + 3 + 1
    assert all(line.endswith("100.0  +100.0   100.0") for line in lines[2:22])
