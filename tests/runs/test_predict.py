"""What is written for pictures, folders and animations, and who accepts it."""

import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image, ImageSequence

from keras_pixda.cli import main
from keras_pixda.datasets import DataError, cityscapes
from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_PALETTE,
)
from keras_pixda.runs import evaluate, predict
from keras_pixda.runs.label_ids import label_ids
from keras_pixda.toy_scenes import toy_scenes

OFFICIAL = """
from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as official
official.args.evalInstLevelScore = False  # Needs instances, and an older NumPy.
official.main()
"""
# Ids of Cityscapes by train id, as its label files hold them.
IDS = np.array(
    [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
)


@pytest.fixture
def run(colour_run, tmp_path):
    """A copy of the run to change, and a way to predict with it."""
    shutil.copytree(colour_run, tmp_path / "run")

    def call(images, output="out", **arguments):
        return predict(
            tmp_path / "run", images, tmp_path / output, verbose=False, **arguments
        )

    return call


@pytest.fixture
def photos(scenes):
    return scenes / "cityscapes" / "leftImg8bit" / "val"


def train_ids(run_folder, pixels):
    """Nearest mean colour, in NumPy, from the numbers of the run's segmenter."""
    segmenter = keras.saving.load_model(run_folder / "segmenter.keras")
    kernel, bias = segmenter.get_layer("head").get_weights()
    return (pixels.astype("float64") @ kernel[0, 0] + bias).argmax(axis=-1)


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def names(folder):
    """Results below a folder, with their place; the note of them is none."""
    files = (p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))
    return sorted(file for file in files if not file.startswith("prediction"))


def test_a_picture_gives_labels_colours_and_an_overlay(run, photos, tmp_path):
    photo = next(photos.rglob("*.png"))
    written = run(photo)
    assert written == [tmp_path / "out" / "labels" / f"{photo.stem}_labelIds.png"]
    assert names(tmp_path / "out") == [
        f"colours/{photo.stem}_colours.png",
        f"labels/{photo.stem}_labelIds.png",
        f"overlays/{photo.stem}_overlay.png",
    ]
    pixels = read(photo)
    expected = train_ids(tmp_path / "run", pixels)
    assert len(np.unique(expected)) > 5
    with Image.open(written[0]) as labels:
        assert (labels.format, labels.mode) == ("PNG", "L")
    np.testing.assert_array_equal(read(written[0]), IDS[expected])
    colours = np.array(CITYSCAPES_PALETTE)[expected]
    found = read(tmp_path / "out" / "colours" / f"{photo.stem}_colours.png")
    np.testing.assert_array_equal(found, colours)
    found = read(tmp_path / "out" / "overlays" / f"{photo.stem}_overlay.png")
    np.testing.assert_allclose(found, (pixels + colours) / 2, atol=1)


def test_a_folder_keeps_its_places_and_the_size_of_each_picture(run, tmp_path):
    frames = tmp_path / "frames"
    (frames / "day 2").mkdir(parents=True)
    random = np.random.default_rng(0)
    sizes = {"000001.png": (40, 60), "000002.jpg": (33, 41), "day 2/000001.png": (8, 9)}
    for name, size in sizes.items():
        pixels = random.integers(0, 256, (*size, 3), "uint8")
        Image.fromarray(pixels).save(frames / name)
    (frames / "notes.txt").write_text("no picture")
    written = run(frames)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "out/labels/000001_labelIds.png",
        "out/labels/000002_labelIds.png",
        "out/labels/day 2/000001_labelIds.png",
    ]
    for path, size in zip(written, sizes.values(), strict=True):
        assert read(path).shape == size
    assert len(names(tmp_path / "out")) == 9


def test_the_official_evaluation_confirms_our_iou(colour_run, tmp_path):
    """On photos of another size than the run's, so that answers are resized."""
    pytest.importorskip("cityscapesscripts")
    toy_scenes(
        tmp_path / "scenes",
        source_images=1,
        target_images_per_city=1,
        validation_images=6,
        image_size=(64, 96),
    )
    root = tmp_path / "scenes" / "cityscapes"
    words = ["predict", str(colour_run), str(root / "leftImg8bit" / "val")]
    assert main([*words, "--output", str(tmp_path / "out")]) == 0
    places = {"DATASET": root, "RESULTS": tmp_path / "out/labels"}
    done = subprocess.run(
        [sys.executable, "-c", OFFICIAL],
        env={**os.environ, **{f"CITYSCAPES_{k}": str(v) for k, v in places.items()}},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = root / "evaluationResults" / "resultPixelLevelSemanticLabeling.json"
    official = json.loads(report.read_text())
    ours = evaluate(colour_run, cityscapes(root, "val"), verbose=False)
    scores = [official["classScores"][name] for name in CITYSCAPES_CLASSES]
    # Partly right, so that a wrong id, shift or denominator shows.
    assert sum(0.05 < score < 0.95 for score in scores) > 5
    found = [ours[name] for name in CITYSCAPES_CLASSES]
    np.testing.assert_allclose(found, scores, rtol=0, atol=1e-3)
    assert ours["mean_iou"] == pytest.approx(official["averageScoreClasses"], abs=1e-3)
    # All pixels of the photos are in their table.
    assert np.sum(official["confMatrix"]) == 6 * 64 * 96


def test_other_classes_have_their_positions_as_ids(run, photos, tmp_path):
    path = tmp_path / "run" / "classes.json"
    facts = json.loads(path.read_text())
    facts["classes"][0] = "tarmac"
    path.write_text(json.dumps(facts))
    photo = next(photos.rglob("*.png"))
    (written,) = run(photo)
    assert written.name == f"{photo.stem}_labelTrainIds.png"
    expected = train_ids(tmp_path / "run", read(photo))
    np.testing.assert_array_equal(read(written), expected)


def test_ids_are_those_of_cityscapes_by_name():
    ids, ending = label_ids(CITYSCAPES_CLASSES)
    assert (ids.tolist(), ending) == (IDS.tolist(), "labelIds")
    ids, ending = label_ids(["car", "road"])
    assert (ids.tolist(), ending) == ([26, 7], "labelIds")
    ids, ending = label_ids(["car", "lane marking"])
    assert (ids.tolist(), ending) == ([0, 1], "labelTrainIds")


def animation(path, frames=3, size=(32, 48)):
    """Frames of plain colours, 80, 90, 100 ... ms each."""
    pictures = [
        Image.new("RGB", size[::-1], (60 * i, 200 - 60 * i, 30)) for i in range(frames)
    ]
    durations = [80 + 10 * i for i in range(frames)]
    lossless = {"lossless": True} if path.suffix == ".webp" else {}
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=durations, **lossless
    )
    return durations


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_becomes_one_again(suffix, run, tmp_path):
    path = tmp_path / f"drive{suffix}"
    durations = animation(path)
    written = run(path)
    assert [p.name for p in written] == [f"00000{i}_labelIds.png" for i in (1, 2, 3)]
    expected = train_ids(
        tmp_path / "run", np.array([[60 * i, 200 - 60 * i, 30] for i in range(3)])
    )
    for labels, train_id in zip(written, expected, strict=True):
        assert np.unique(read(labels)) == IDS[train_id]
    with Image.open(tmp_path / "out" / "overlays" / path.name) as result:
        found = []
        for frame in ImageSequence.Iterator(result):
            frame.load()  # Before that a WebP does not tell.
            found.append((frame.info["duration"], frame.size))
    assert found == [(duration, (48, 32)) for duration in durations]


def test_windows_and_flip_see_large_pictures_at_their_size(run, tmp_path):
    """A network that knows its neighbours and left from right."""
    images = keras.Input((None, None, 3))
    network = keras.Model(images, keras.layers.Conv2D(19, 7, padding="same")(images))
    network.save(tmp_path / "run" / "segmenter.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), "uint8")
    Image.fromarray(pixels).save(tmp_path / "large.png")
    plain = np.array(network(pixels[None]))[0]
    mirrored = np.array(network(pixels[None, :, ::-1]))[0, :, ::-1]
    (whole,) = run(tmp_path / "large.png", "whole", window=(64, 96))
    np.testing.assert_array_equal(read(whole), IDS[plain.argmax(axis=-1)])
    (flipped,) = run(tmp_path / "large.png", "flipped", window=(64, 96), flip=True)
    both = keras.ops.softmax(plain) + keras.ops.softmax(mirrored)
    np.testing.assert_array_equal(read(flipped), IDS[np.argmax(both, axis=-1)])
    assert (read(whole) != read(flipped)).mean() > 0.1
    # Windows differ from the whole only where their edges cut the neighbours.
    words = [str(tmp_path / "run"), str(tmp_path / "large.png"), "--window", "40", "50"]
    out = tmp_path / "windows"
    assert main(["predict", *words, "--overlap", "0.5", "--output", str(out)]) == 0
    same = read(out / "labels" / "large_labelIds.png") == read(whole)
    assert 0.8 < same.mean() < 1
    # Of the windows at rows 0, 12 and 24 all see these whole, 4 pixels from the edge.
    assert same[:8, :20].mean() == 1
    # Without a window it is the size of the run, which loses the noise.
    (small,) = run(tmp_path / "large.png", "small")
    assert (read(small) == read(whole)).mean() < 0.8
    views = {"image_size": (64, 96), "scales": (0.5, 1)}
    (scaled,) = run(tmp_path / "large.png", "scaled", **views)
    assert 0.1 < (read(scaled) == read(whole)).mean() < 0.95
    (sized,) = run(tmp_path / "large.png", "sized", image_size=(64, 96))
    np.testing.assert_array_equal(read(sized), read(whole))


def test_results_are_kept_and_pictures_are_safe(run, photos, tmp_path):
    photo = next(photos.rglob("*.png"))
    (written,) = run(photo)
    written.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="and 2 more results"):
        run(photo)
    assert written.read_bytes() == b"mine"
    run(photo, overwrite=True)
    assert written.read_bytes() != b"mine"
    shutil.copytree(photos, tmp_path / "photos")
    with pytest.raises(ValueError, match="lies in the folder of pictures"):
        run(tmp_path / "photos", "photos/out")
    os.symlink(tmp_path, tmp_path / "out" / "colours" / photos.name)
    (tmp_path / "more" / photos.name).mkdir(parents=True)
    shutil.copy(photo, tmp_path / "more" / photos.name)
    with pytest.raises(ValueError, match="would lie outside"):
        run(tmp_path / "more", overwrite=True)


def test_what_cannot_be_segmented_is_named(run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "drive.MP4").write_bytes(b"video")
    for name, error, text in (
        ("empty", FileNotFoundError, "empty: no picture in it"),
        ("absent", FileNotFoundError, "absent: no such file"),
        ("drive.MP4", ValueError, "is a video: turn it into a folder.*ffmpeg"),
    ):
        with pytest.raises(error, match=text):
            run(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"holds no segmenter\.keras"):
        predict(tmp_path / "empty", tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_broken_picture_stops_before_anything_is_written_or_is_skipped(
    run, tmp_path, capsys
):
    frames = tmp_path / "frames"
    frames.mkdir()
    for name in ("1.png", "2.jpg", "4.png"):
        Image.new("RGB", (12, 8)).save(frames / name)
    Image.new("RGB", (12, 8)).save(frames / "5.webp")
    (frames / "3.png").write_bytes((frames / "1.png").read_bytes()[:40])
    with pytest.raises(DataError, match="2 files cannot be segmented"):
        run(frames)
    assert not (tmp_path / "out").exists()
    words = [str(tmp_path / "run"), str(frames), "--output", str(tmp_path / "out")]
    assert main(["predict", *words]) == 2
    assert main(["predict", *words, "--on-bad-file", "skip"]) == 0
    shown = capsys.readouterr().out
    listed = shown[shown.index("Left out, 2 files:") :].splitlines()
    assert "5.webp: is no PNG or JPEG but a WebP" in listed[1]
    assert "3.png: is no readable picture" in listed[2]
    assert listed[3].startswith("3 pictures segmented")
    assert [path.name for path in sorted((tmp_path / "out/labels").iterdir())] == [
        "1_labelIds.png",
        "2_labelIds.png",
        "4_labelIds.png",
    ]
    for path in frames.glob("*.*"):
        path.write_bytes(b"\0")
    with pytest.raises(ValueError, match="no picture can be read, such as"):
        run(frames, "none", on_bad_file="skip")
    with pytest.raises(ValueError, match="on_bad_file must be 'stop' or 'skip'"):
        run(frames, "none", on_bad_file="ignore")


@pytest.fixture
def five(tmp_path):
    """A folder of five pictures."""
    random = np.random.default_rng(0)
    for number in range(5):
        pixels = random.integers(0, 256, (32, 48, 3), dtype="uint8")
        path = tmp_path / "five" / f"{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "five"


def test_shards_do_together_what_one_does(run, five, tmp_path):
    whole = run(five, output="whole")
    parts = [run(five, output="parts", shard=(number, 3)) for number in (3, 1, 2)]
    assert [len(part) for part in parts] == [1, 2, 2]
    assert len(whole) == 5
    assert names(tmp_path / "parts") == names(tmp_path / "whole")
    for name in names(tmp_path / "whole"):
        one, other = (tmp_path / folder / name for folder in ("whole", "parts"))
        assert one.read_bytes() == other.read_bytes()
    assert run(five, output="none", shard=(7, 7)) == []
    with pytest.raises(ValueError, match="shard is 4/3, expected a number from 1 to 3"):
        run(five, shard=(4, 3))
    animation(tmp_path / "drive.gif")
    with pytest.raises(ValueError, match="is an animation, which is one thing"):
        run(tmp_path / "drive.gif", shard=(1, 2))


def test_what_is_written_already_is_left_out_when_so_asked(run, five, tmp_path):
    first, *_ = run(five, shard=(1, 3))
    [half] = run(five, shard=(2, 3))[1:]
    overlay = tmp_path / "out/overlays" / f"{half.name[0]}_overlay.png"
    [overlay] = (tmp_path / "out/overlays").rglob(overlay.name)
    overlay.unlink()  # Killed in between.
    before = first.stat().st_mtime_ns
    assert len(run(five, resume=True)) == 2
    assert first.stat().st_mtime_ns == before
    assert overlay.exists()
    assert len(names(tmp_path / "out")) == 15
    assert run(five, resume=True) == []
    with pytest.raises(ValueError, match="made with flip False, expected True"):
        run(five, resume=True, flip=True)
    with pytest.raises(ValueError, match="resume keeps earlier results"):
        run(five, resume=True, overwrite=True)
    for note in (tmp_path / "out").glob("prediction*.json"):
        note.unlink()
    with pytest.raises(ValueError, match="no note of what they were made with"):
        run(five, resume=True)


def test_a_finished_animation_is_not_made_again(run, tmp_path):
    path = tmp_path / "drive.gif"
    animation(path)
    assert len(run(path)) == 3
    assert run(path, resume=True) == []
    (tmp_path / "out/overlays/drive.gif").unlink()
    assert len(run(path, resume=True)) == 3


def test_a_wrong_share_is_told_at_once(capsys):
    with pytest.raises(SystemExit):
        main(["predict", "run", "photos", "--shard", "9/8"])
    assert "'9/8' is no share, expected such as 2/8" in capsys.readouterr().err
