import numpy as np
import pytest

from keras_pixda.datasets import DATASETS, NamedDataset, load


@pytest.fixture
def root(write, tmp_path):
    for name in (
        "images/1.png",
        "labels/1.png",
        "RGB/1.png",
        "GT/LABELS/1.png",
        "leftImg8bit/val/ulm/1_leftImg8bit.png",
        "gtFine/val/ulm/1_gtFine_labelIds.png",
        "train/0001TP_1.png",
        "trainannot/0001TP_1.png",
    ):
        write(name, np.zeros((24, 32), np.uint8))
    (tmp_path / "classes.txt").write_text("road\ntraffic light\n")
    return tmp_path


def test_by_name(root):
    assert load(f"gta5:{root}").name == "gta5"
    assert load(f"synthia:{root}").name == "synthia"
    assert load(f"cityscapes:{root}", split="val").name == "cityscapes val"
    assert load(f"camvid:{root}").name == "camvid train"


def test_the_purpose_decides_about_the_split(root, write):
    write("val/0001TP_2.png", np.zeros((24, 32), np.uint8))
    write("valannot/0001TP_2.png", np.zeros((24, 32), np.uint8))
    assert load(f"camvid:{root}").name == "camvid train"
    assert load(f"camvid:{root}", evaluation=True).name == "camvid val"
    assert load(f"camvid:{root}", "train", evaluation=True).name == "camvid train"
    assert load(f"gta5:{root}", evaluation=True).name == "gta5"  # It has no other.


def test_a_data_set_without_pairs_to_evaluate_on(monkeypatch):
    named = NamedDataset(print, splits=("train",), training_split="train")
    monkeypatch.setitem(DATASETS, "mine", named)
    with pytest.raises(ValueError, match=r"no split to evaluate on: .*\['train'\]"):
        load("mine:a", evaluation=True)


def test_folder(root):
    record = load(f"folder:{root}/images,{root}/labels,{root}/classes.txt")
    assert record.classes == ("road", "traffic light")
    assert len(record) == 1


@pytest.mark.parametrize(
    ("data", "split", "message"),
    [
        ("gta5", None, "'gta5': expected one of gta5:ROOT, synthia:ROOT, citysc"),
        ("gta5:", None, "expected one of"),
        ("kitti:x", None, "unknown data set 'kitti', expected .*folder:IMAGES,MASKS"),
        ("gta5:x", "val", "only .*'camvid', 'cityscapes', 'idda'.* have splits"),
        ("folder:a,b", None, "expected folder:IMAGES,MASKS,CLASSES.txt"),
    ],
)
def test_errors(data, split, message):
    with pytest.raises(ValueError, match=message):
        load(data, split)


def test_a_tilde_is_the_home_folder_in_each_part(write, tmp_path, monkeypatch):
    write("images/a.png", None)
    write("masks/a.png", None)
    (tmp_path / "classes.txt").write_text("road")
    monkeypatch.setenv("HOME", str(tmp_path))
    record = load("folder:~/images,~/masks,~/classes.txt")
    assert record.pairs == ((f"{tmp_path}/images/a.png", f"{tmp_path}/masks/a.png"),)
    with pytest.raises(FileNotFoundError, match="~nobody-here/images does not exist"):
        load("gta5:~nobody-here")


def test_cities_and_parts_of_what_the_spelling_names(write, tmp_path):
    for split, count in (("train", 8), ("val", 5)):
        for frame in range(count):
            write(f"{split}/0001TP_{frame}.png", None)
            write(f"{split}annot/0001TP_{frame}.png", None)
    record = load(f"camvid:{tmp_path}?cities=4")
    assert len({*record.cities}) == 4
    # Those who evaluate have no shots to choose: 5 frames need not make 6 cities.
    record = load(f"camvid:{tmp_path}?cities=6", evaluation=True)
    assert {*record.cities} == {"0001TP"}
    tuning = load(f"camvid:{tmp_path}?part=tuning", evaluation=True)
    assert (tuning.name, len(tuning)) == ("camvid val, tuning part", 1)
    both = load(f"camvid:{tmp_path}?part=rest&cities=3")
    assert (len(both), len({*both.cities})) == (6, 3)
    with pytest.raises(ValueError, match="cities is 9, expected 1 to 8"):
        load(f"camvid:{tmp_path}?cities=9")


def test_cities_of_a_folder_of_ones_own(root):
    place = f"folder:{root}/images,{root}/labels,{root}/classes.txt"
    assert load(f"{place}?cities=1").cities == ("run 1 of 1",)
