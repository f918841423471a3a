import json
import os
import pathlib

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.toy_scenes import toy_scenes

ROAD, CAR, EGO_VEHICLE = 7, 26, 1
EVALUATED = (ROAD, 8, 11, 17, 20, 21, 23, 24, CAR)
SMALL = {
    "source_images": 3,
    "target_images_per_city": 2,
    "validation_images": 3,
    "cities": ("brickholm", "mistford"),
    "image_size": (32, 48),
}


def files_below(root):
    paths = pathlib.Path(root).rglob("*")
    return {p.relative_to(root).as_posix(): p for p in paths if p.is_file()}


def test_layout_on_disk(tmp_path):
    source, target = toy_scenes(tmp_path, **SMALL)

    expected = {"toy_scenes.json"}
    for name in ("00001", "00002", "00003"):
        expected |= {f"gta5/images/{name}.png", f"gta5/labels/{name}.png"}
    photos = [("train", c, i) for c in SMALL["cities"] for i in range(2)]
    photos += [("val", "brickholm", 2), ("val", "mistford", 2)]
    photos += [("val", "brickholm", 3)]
    for split, city, index in photos:
        stem = f"{split}/{city}/{city}_{index:06d}_000019"
        expected |= {
            f"cityscapes/leftImg8bit/{stem}_leftImg8bit.png",
            f"cityscapes/gtFine/{stem}_gtFine_labelIds.png",
        }
    assert set(files_below(tmp_path)) == expected
    assert (source, target) == (tmp_path / "gta5", tmp_path / "cityscapes")


def test_file_modes_and_ids(tmp_path):
    toy_scenes(tmp_path, **SMALL)
    for name, path in files_below(tmp_path).items():
        if path.suffix != ".png":
            continue
        with Image.open(path) as picture:
            assert picture.size == (48, 32)
            if "labels/" in name:
                assert picture.mode == "P"
                colours = np.reshape(picture.getpalette(), (-1, 3))
                assert colours[ROAD].tolist() == [128, 64, 128]
                assert colours[CAR].tolist() == [0, 0, 142]
                assert set(np.unique(picture)) <= set(EVALUATED)
            elif "labelIds" in name:
                assert picture.mode == "L"
                assert set(np.unique(picture)) <= {*EVALUATED, EGO_VEHICLE}
            else:
                assert picture.mode == "RGB"


def test_real_readers_read_them(tmp_path):
    source, target = toy_scenes(tmp_path, **SMALL)
    assert len(gta5(source)) == 3
    train = cityscapes(target, split="train")
    assert train.cities == ("brickholm",) * 2 + ("mistford",) * 2
    assert len(cityscapes(target, split="val")) == 3


def test_all_scenes_differ(tmp_path):
    toy_scenes(tmp_path, **SMALL)
    contents = [p.read_bytes() for p in files_below(tmp_path).values()]
    assert len(set(contents)) == len(contents)


def test_scenes_do_not_depend_on_the_counts(tmp_path):
    toy_scenes(tmp_path / "a", **SMALL)
    more = SMALL | {"source_images": 4, "cities": ("solvara", "brickholm")}
    toy_scenes(tmp_path / "b", **more)
    few, many = files_below(tmp_path / "a"), files_below(tmp_path / "b")
    shared = {n for n in few.keys() & many.keys() if n.endswith(".png")}
    assert sum("gta5" in name for name in shared) == 6
    assert sum("brickholm" in name for name in shared) >= 6
    for name in shared:
        assert few[name].read_bytes() == many[name].read_bytes()


def test_other_seed_other_scenes(tmp_path):
    toy_scenes(tmp_path / "a", **SMALL)
    toy_scenes(tmp_path / "b", **SMALL, seed=1)
    name = "gta5/images/00001.png"
    first, second = (tmp_path / x / name for x in "ab")
    assert first.read_bytes() != second.read_bytes()


def test_complete_folder_is_left_alone(tmp_path):
    toy_scenes(tmp_path, **SMALL)
    for path in files_below(tmp_path).values():
        os.utime(path, (1, 1))
    toy_scenes(tmp_path, **SMALL)
    assert all(p.stat().st_mtime == 1 for p in files_below(tmp_path).values())


def test_interrupted_call_is_finished(tmp_path):
    toy_scenes(tmp_path / "whole", **SMALL)

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        toy_scenes(tmp_path / "parts", **SMALL, progress=stop)
    assert len(files_below(tmp_path / "parts")) == 2 * 4 + 1
    (tmp_path / "parts/gta5/labels/00002.png").unlink()
    toy_scenes(tmp_path / "parts", **SMALL)

    whole, parts = (files_below(tmp_path / x) for x in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(whole[x].read_bytes() == parts[x].read_bytes() for x in whole)


def test_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def save(self, file, *args, **kwargs):
        file.write(b"half of it")
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", save)
    with pytest.raises(OSError, match="disk full"):
        toy_scenes(tmp_path, **SMALL)
    assert set(files_below(tmp_path)) == {"toy_scenes.json"}


def test_other_arguments_in_the_same_folder(tmp_path):
    toy_scenes(tmp_path, **SMALL)
    with pytest.raises(ValueError, match="source_images 3 there, 9 asked for"):
        toy_scenes(tmp_path, **SMALL | {"source_images": 9})
    with pytest.raises(ValueError, match="seed 0 there, 1 asked for"):
        toy_scenes(tmp_path, **SMALL, seed=1)


def test_scenes_of_an_older_drawing(tmp_path):
    toy_scenes(tmp_path, **SMALL)
    manifest = tmp_path / "toy_scenes.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(facts | {"drawing": 0}))
    with pytest.raises(ValueError, match="drawing 0 there"):
        toy_scenes(tmp_path, **SMALL)


def test_damaged_manifest(tmp_path):
    (tmp_path / "toy_scenes.json").write_text("{")
    with pytest.raises(ValueError, match="toy_scenes.json is damaged"):
        toy_scenes(tmp_path, **SMALL)


def test_folder_with_another_data_set(tmp_path):
    (tmp_path / "gta5").mkdir()
    with pytest.raises(ValueError, match="gta5 exists but no"):
        toy_scenes(tmp_path, **SMALL)
    assert not files_below(tmp_path)


def test_progress(tmp_path):
    calls = []
    toy_scenes(tmp_path, **SMALL, progress=lambda *call: calls.append(call))
    assert calls == [(done, 10) for done in range(1, 11)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"source_images": -1}, "source_images must be an integer, 0 or more"),
        ({"validation_images": 2.5}, "validation_images must be an integer"),
        ({"seed": -3}, "seed must be an integer"),
        ({"cities": ()}, "cities must be different names"),
        ({"cities": "brickholm"}, "cities must be different names"),
        ({"cities": ("a", "a")}, "cities must be different names"),
        ({"cities": ("../up",)}, "cities must be different names"),
        ({"image_size": (0, 48)}, "image_size must be"),
    ],
)
def test_bad_arguments(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        toy_scenes(tmp_path / "new", **SMALL | wrong)
    assert not (tmp_path / "new").exists()
