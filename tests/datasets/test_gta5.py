import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import DataError, gta5, read_mask

# Train id of every Cityscapes label id 0..34, from the data set's own table.
TRAIN_IDS = [255] * 7 + [0, 1, 255, 255, 2, 3, 4, 255, 255, 255, 5, 255, 6, 7, 8, 9]
TRAIN_IDS += [10, 11, 12, 13, 14, 15, 255, 255, 16, 17, 18, 255]


@pytest.fixture
def root(write, tmp_path):
    for number in (1, 2, 3, 15188):
        write(f"images/{number:05}.png", np.zeros((24, 32, 3), np.uint8))
        write(f"labels/{number:05}.png", number % 35)
    ids = np.zeros((24, 32), np.uint8)
    ids.ravel()[:36] = [*range(35), 255]
    mask = Image.fromarray(ids).convert("P")
    mask.putpalette([7] * 768)
    mask.save(tmp_path / "labels/00002.png")
    return tmp_path


def test_pairs(root):
    record = gta5(root)
    assert len(record) == 3
    assert record.pairs[1] == (
        str(root / "images/00002.png"),
        str(root / "labels/00002.png"),
    )
    assert len(record.classes) == len(set(record.palette)) == 19
    assert record.classes[13] == "car"
    assert set(record.cities) == {"gta5"}


def test_every_label_id(root):
    labels = read_mask(root / "labels/00002.png", gta5(root))
    assert labels.ravel()[:36].tolist() == [*TRAIN_IDS, 255]


def test_the_two_faulty_pairs_can_be_asked_for(root):
    assert len(gta5(root, leave_out=())) == 4


def test_lonely_image_and_missing_folder(root):
    (root / "labels/00003.png").unlink()
    with pytest.raises(DataError, match=r"images/00003\.png: has no mask"):
        gta5(root)
    with pytest.raises(FileNotFoundError, match=r"labels/00001\.png"):
        gta5(root / "images")


@pytest.mark.parametrize("names", ["00001", [1]])
def test_names_to_leave_out_are_a_list_of_names(root, names):
    with pytest.raises(ValueError, match="leave_out must be a list of names"):
        gta5(root, leave_out=names)
    assert len(gta5(root, leave_out=["00001"])) == 3
