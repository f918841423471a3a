import numpy as np
import pytest

from keras_pixda.datasets import DataError, idda, read_pair

NAMES = ("100_T01_CN_A", "101_T01_CN_J", "102_T02_HRN_A", "103_T03_CS_J")


@pytest.fixture
def root(write, tmp_path):
    ids = np.zeros((24, 40), np.uint8)
    ids[0, 8:32] = range(24)
    for name in NAMES:
        write(f"images/{name}.jpg", np.zeros((24, 40, 3), np.uint8))
        write(f"masks/{name}.png", ids)
    for car, row in (("A", 22), ("J", 12)):
        hood = np.zeros((24, 40), np.uint8)
        hood[row:] = 255
        write(f"hood_{car}.png", hood)
    (tmp_path / "train.txt").write_text("\n".join(NAMES[:3]))
    (tmp_path / "test.txt").write_text(NAMES[3])
    return tmp_path


def test_camvid_space(root):
    record = idda(root)
    assert record.cities == ("T01", "T01", "T02")
    image, labels = read_pair(record, 1)
    # Cropped from 40 to 32 columns, four from each side.
    assert image.shape == (24, 32, 3)
    assert labels.shape == (24, 32)
    expected = [255, 1, 7, 255, 9, 2, 3, 3, 4, 5, 8, 1, 6, 6, 255, 255]
    expected += [10, 10, 10, 5, 0, 255, 255, 255]
    assert labels[0, 4:28].tolist() == expected
    for index, row in ((0, 22), (1, 12)):
        _, labels = read_pair(record, index)
        assert (labels[row:] == 255).all()
    assert len(idda(root, split="test")) == 1


def test_hood_is_ignored_where_the_mask_is_labelled(root, write):
    write("masks/101_T01_CN_J.png", np.full((24, 40), 10, np.uint8))
    _, labels = read_pair(idda(root), 1)
    assert (labels[:12] == 8).all()
    assert (labels[12:] == 255).all()
    (root / "hood_J.png").unlink()
    _, labels = read_pair(idda(root, ignore_hood=False), 1)
    assert (labels == 8).all()
    with pytest.raises(FileNotFoundError, match=r"hood_J\.png does not exist"):
        idda(root)


def test_cityscapes_space(root):
    record = idda(root, label_space="cityscapes")
    image, labels = read_pair(record, 0)
    assert image.shape == (24, 40, 3)
    expected = [255, 2, 4, 255, 11, 5, 0, 0, 1, 8, 13, 3, 7, 6, 255, 255]
    expected += [18, 17, 12, 9, 10, 255, 255, 255]
    assert labels[0, 8:32].tolist() == expected


def test_errors(root, write):
    with pytest.raises(ValueError, match="label_space 'x'"):
        idda(root, label_space="x")
    with pytest.raises(FileNotFoundError, match=r"val\.txt does not exist"):
        idda(root, split="val")
    (root / "val.txt").write_text("100_T01_CN_A\n999_T01_CN_A")
    with pytest.raises(DataError, match=r"val\.txt, line 2: 999_T01_CN_A is not among"):
        idda(root, split="val")
    write("hood_A.png", 255)
    with pytest.raises(DataError, match=r"hood_A\.png: is 32x24 .* is 40x24"):
        read_pair(idda(root), 0)
    write("images/photo.png", 0)
    write("masks/photo.png", 0)
    with pytest.raises(DataError, match="photo: is not named FRAME_TOWN_WEATHER_CAR"):
        idda(root)
