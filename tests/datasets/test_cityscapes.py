import numpy as np
import pytest

from keras_pixda.datasets import DataError, cityscapes, read_pair


@pytest.fixture
def root(write, tmp_path):
    for split, city, count in (
        ("train", "ulm", 3),
        ("train", "bonn", 2),
        ("val", "x", 1),
    ):
        for number in range(count):
            name = f"{split}/{city}/{city}_{number:06}_000019"
            write(
                f"leftImg8bit/{name}_leftImg8bit.png", np.zeros((24, 32, 3), np.uint8)
            )
            write(f"gtFine/{name}_gtFine_labelIds.png", 26)
            # Further files of the release, none of them read.
            write(f"gtFine/{name}_gtFine_color.png", 3)
            write(f"gtFine/{name}_gtFine_polygons.json", None)
    return tmp_path


def test_pairs_and_cities(root):
    record = cityscapes(root)
    assert record.cities == ("bonn", "bonn", "ulm", "ulm", "ulm")
    assert record.pairs[2] == (
        str(root / "leftImg8bit/train/ulm/ulm_000000_000019_leftImg8bit.png"),
        str(root / "gtFine/train/ulm/ulm_000000_000019_gtFine_labelIds.png"),
    )
    _, labels = read_pair(record, 0)
    assert record.classes[labels[0, 0]] == "car"
    assert len(cityscapes(root, split="val")) == 1


def test_errors(root):
    with pytest.raises(FileNotFoundError, match="gtFine/test/CITY"):
        cityscapes(root, split="test")
    (root / "leftImg8bit/train/ulm/ulm_000001_000019_leftImg8bit.png").unlink()
    with pytest.raises(DataError, match="cityscapes train: 1 masks without"):
        cityscapes(root)
