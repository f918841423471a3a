import numpy as np
import pytest

from keras_pixda.datasets import DataError, camvid, read_mask

IDS = np.zeros((24, 32), np.uint8)
IDS.ravel()[:12] = range(12)
NAMES = ("0001TP_006690", "0001TP_006720", "0016E5_00390")


def test_eleven_class_release(write, tmp_path):
    for name in NAMES:
        write(f"train/{name}.png", np.zeros((24, 32, 3), np.uint8))
        write(f"trainannot/{name}.png", IDS)
    record = camvid(tmp_path)
    assert record.cities == ("0001TP", "0001TP", "0016E5")
    assert len(record.classes) == len(set(record.palette)) == 11
    labels = read_mask(record.pairs[0][1], record)
    assert labels.ravel()[:12].tolist() == [*range(11), 255]


def test_images_and_masks_layout(write, tmp_path):
    for name in NAMES:
        write(f"val/images/{name}.jpg", np.zeros((24, 32, 3), np.uint8))
        write(f"val/masks/{name}.png", IDS)
    record = camvid(tmp_path, split="val")
    assert [pair[0][-7:] for pair in record.pairs] == ["690.jpg", "720.jpg", "390.jpg"]
    with pytest.raises(FileNotFoundError, match="701_StillsRaw_full"):
        camvid(tmp_path, split="train")


@pytest.fixture
def original(write, tmp_path):
    for name in ("0001TP_008520", "0001TP_008550", "0016E5_08640", "0016E5_07959"):
        write(f"701_StillsRaw_full/{name}.png", np.zeros((24, 32, 3), np.uint8))
        write(
            f"LabeledApproved_full/{name}_L.png",
            np.full((24, 32, 3), (64, 0, 128), np.uint8),
        )
    for name in ("0016E5_08159", "0006R0_f00930", "Seq05VD_f00000"):
        write(f"701_StillsRaw_full/{name}.png", np.zeros((24, 32, 3), np.uint8))
        colours = np.zeros((24, 32, 3), np.uint8)
        colours[0, :6] = [
            (128, 128, 128),
            (64, 192, 0),
            (0, 0, 64),
            (128, 0, 192),
            (192, 0, 192),
            (0, 0, 0),
        ]
        write(f"LabeledApproved_full/{name}_L.png", colours)
    return tmp_path


def test_original_release(original):
    names = {
        split: [pair[0].split("/")[-1][:-4] for pair in camvid(original, split).pairs]
        for split in ("train", "val", "test")
    }
    assert names == {
        "train": ["0001TP_008520", "0006R0_f00930", "0016E5_08640"],
        "val": ["0016E5_07959", "0016E5_08159"],
        "test": ["0001TP_008550", "Seq05VD_f00000"],
    }
    record = camvid(original)
    assert (read_mask(record.pairs[0][1], record) == 8).all()
    labels = read_mask(record.pairs[1][1], record)
    # sky, wall, traffic cone, lane marking, motorcycle, void
    assert labels[0, :6].tolist() == [0, 1, 2, 3, 10, 255]
    assert len(record.id_map) == 32


def test_errors(original, write):
    with pytest.raises(ValueError, match="'all': expected 'train'"):
        camvid(original, split="all")
    path = write(
        "LabeledApproved_full/0006R0_f00930_L.png",
        np.full((24, 32, 3), (1, 2, 3), np.uint8),
    )
    with pytest.raises(DataError, match=r"\(1, 2, 3\) \(768 pixels\)"):
        read_mask(path, camvid(original))
    write("701_StillsRaw_full/notes.png", 0)
    with pytest.raises(DataError, match="notes: is not named DRIVE_FRAME"):
        camvid(original)


def test_colour_masks_in_folders_of_splits(write, tmp_path):
    for split, name in (("train", "0001TP_009000"), ("val", "0016E5_07959")):
        write(f"{split}/{name}.png", np.zeros((24, 32, 3), np.uint8))
        colours = np.full((24, 32, 3), (64, 0, 128), np.uint8)
        write(f"{split}_labels/{name}_L.png", colours)
    (tmp_path / "class_dict.csv").write_text("name,r,g,b\n")
    record = camvid(tmp_path, "train")
    assert record.pairs[0][1] == str(tmp_path / "train_labels/0001TP_009000_L.png")
    assert (read_mask(record.pairs[0][1], record) == 8).all()
    assert camvid(tmp_path, "val").cities == ("0016E5",)
