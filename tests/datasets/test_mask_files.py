"""Data sets are read as the release or a converter has left them."""

import numpy as np
import pytest

from keras_pixda.datasets import DataError, load, read_mask

# Image, mask, an id in it and the train id that it stands for, by data set.
PLACES = {
    "gta5": ("images/00001.png", "labels/00001.png", 11, 2),
    "synthia": ("RGB/0000001.png", "GT/LABELS/0000001.png", 2, 2),
    "cityscapes": (
        "leftImg8bit/train/ulm/ulm_000000_000019_leftImg8bit.png",
        "gtFine/train/ulm/ulm_000000_000019_gtFine_labelIds.png",
        11,
        2,
    ),
    "camvid": ("train/0001TP_006690.png", "trainannot/0001TP_006690.png", 2, 2),
    "idda": ("images/1_T01_CN_A.jpg", "masks/1_T01_CN_A.png", 5, 2),
}
RELICS = (
    "sample_class_stats.json",
    "samples_with_class.json",
    "Thumbs.db",
    ".DS_Store",
    "._00001.png",
    "desktop.ini",
    "mapping.mat",
)


@pytest.fixture(params=PLACES)
def place(request, write, tmp_path):
    """A data set of one pair, and what programs and file managers leave beside it."""
    image, mask, file_id, train_id = PLACES[request.param]
    write(image, np.zeros((24, 32, 3), np.uint8))
    write(mask, file_id)
    stem = mask.removesuffix(".png").removesuffix("_labelIds")
    for folder in {tmp_path, (tmp_path / image).parent, (tmp_path / mask).parent}:
        for name in RELICS:
            (folder / name).write_bytes(b"\0")
    if request.param == "cityscapes":
        for ending in ("_color.png", "_instanceIds.png", "_polygons.json"):
            write(f"{stem}{ending}" if "png" in ending else "gtFine/a.png", 3)
        (tmp_path / "gtFine/a.png").unlink()
    if request.param == "idda":
        write("hood_A.png", 0)
        (tmp_path / "train.txt").write_bytes(b"\xef\xbb\xbf1_T01_CN_A\r\n")
    return request.param, write, mask, f"{stem}_labelTrainIds.png", train_id


def labels(name, root):
    """The train ids of the only pair, and the file that holds them."""
    record = load(f"{name}:{root}")
    [(_, mask)] = record.pairs
    [label] = np.unique(read_mask(mask, record))
    return mask.removeprefix(f"{root}/"), label


def test_masks_of_the_release_and_of_converters(place, tmp_path):
    name, write, ids, converted, train_id = place
    assert labels(name, tmp_path) == (ids, train_id)
    write(converted, 7)
    assert labels(name, tmp_path) == (ids, train_id)
    assert labels(f"{name}-train-ids", tmp_path) == (converted, 7)
    write(converted, 255)
    assert labels(f"{name}-train-ids", tmp_path) == (converted, 255)
    (tmp_path / ids).unlink()
    write(converted, 8)
    assert labels(name, tmp_path) == (converted, 8)
    # Some programs write train ids under the names of the release.
    (tmp_path / converted).rename(tmp_path / ids)
    assert labels(f"{name}-train-ids", tmp_path) == (ids, 8)


def test_masks_that_are_nowhere(place, tmp_path):
    name, _, ids, _, _ = place
    (tmp_path / ids).unlink()
    with pytest.raises(DataError, match="has no mask"):
        load(f"{name}:{tmp_path}")
    with pytest.raises(DataError, match="has no mask"):
        load(f"{name}-train-ids:{tmp_path}")


def test_an_unknown_choice(place, tmp_path):
    from keras_pixda import datasets

    with pytest.raises(ValueError, match="masks is 'colours', expected one of"):
        getattr(datasets, place[0])(tmp_path, masks="colours")


def test_paths_in_the_home_folder(place, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    record = load(f"{place[0]}:~/{tmp_path.name}")
    assert record.pairs[0][1] == str(tmp_path / place[2])
