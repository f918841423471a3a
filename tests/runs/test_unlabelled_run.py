"""Runs with unlabelled target images, from the settings to the result."""

import pathlib
import shutil
from functools import partial

import keras
import numpy as np
import pytest
from PIL import Image

from keras_pixda.callbacks import ProgressLine
from keras_pixda.cli import main
from keras_pixda.comparison import compare
from keras_pixda.datasets import DataError, load
from keras_pixda.methods import METHODS
from keras_pixda.runs import (
    RunFolder,
    RunRecords,
    check_methods,
    class_facts,
    evaluate,
    few_shot_data,
    train,
)
from keras_pixda.runs.mask_warnings import mask_warnings
from tests.methods.reads_unlabelled import Sure


@pytest.fixture(autouse=True)
def sure(monkeypatch):
    """The method `"sure"`, which needs unlabelled images and no shots."""
    monkeypatch.setitem(METHODS, "sure", Sure())


@pytest.fixture
def photos(scenes, tmp_path):
    """Copies of the six training images of the target, without masks."""
    shutil.copytree(scenes / "cityscapes/leftImg8bit/train", tmp_path / "photos")
    return f"images:{tmp_path / 'photos'}"


def records_of(settings):
    return RunRecords(settings, verbose=False)


def test_only_methods_that_read_them_are_given_them(change, photos, capsys):
    settings = change(unlabelled=photos)
    records = records_of(settings)
    both = records.source, records.target
    given = {"unlabelled": records.unlabelled}
    assert few_shot_data(settings, *both, **given).unlabelled is None
    assert not capsys.readouterr().err
    data = few_shot_data(settings.change(method="sure"), *both, **given)
    assert len(data.unlabelled) == 3
    assert "3 of the 6 unlabelled pictures of images" in capsys.readouterr().err
    # Without shots there is nothing else, also for the start.
    data = few_shot_data(settings.change(shots=0), *both, **given)
    assert (len(data.target), len(data.unlabelled)) == (0, 6)


def test_what_a_method_needs_is_said_before_anything_is_trained(change, photos):
    check_methods([change(method="sure", unlabelled=photos, shots=0)], 19)
    check_methods([change(method="source_only", shots=0, unlabelled=photos)], 19)
    with pytest.raises(
        ValueError, match="Sure needs unlabelled .* --unlabelled images"
    ):
        check_methods([change(method="sure")], 19)
    with pytest.raises(ValueError, match="FDA needs labelled target images, .* shots"):
        check_methods([change(method="fda", shots=0, unlabelled=photos)], 19)


def test_bad_pictures_are_left_out_and_stay_so(change, photos, tmp_path):
    paths = sorted((tmp_path / "photos").rglob("*.png"))
    paths[1].write_bytes(paths[1].read_bytes()[:-30])
    Image.fromarray(np.zeros((32, 48), np.uint16)).save(paths[2])  # 16 bits.
    settings = change(unlabelled=photos, on_bad_file="skip")
    records = records_of(settings)
    assert len(records.unlabelled) == 4
    assert [finding.file for finding in records.left_out] == [*map(str, paths[1:3])]
    records.write(RunFolder(tmp_path / "run", settings))
    paths[4].unlink()
    again = RunRecords(settings, tmp_path / "run", verbose=False)
    assert again.unlabelled == records.unlabelled


@pytest.mark.parametrize("run", [train, partial(compare, shots=[1])])
def test_what_is_read_late_is_looked_at_before(run, change, photos, tmp_path):
    paths = sorted((tmp_path / "photos").rglob("*.png"))
    paths[1].write_bytes(paths[1].read_bytes()[:-30])
    paths[2].write_bytes(b"")
    settings = change(unlabelled=photos, method="self_training")
    with pytest.raises(DataError, match="2 problems") as error:
        run(settings, tmp_path / "run")
    assert [f.file for f in error.value.findings] == [*map(str, paths[1:3])]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("run", [train, partial(compare, shots=[1])])
def test_other_data_are_named_when_a_run_goes_on(run, change, photos, scenes, tmp_path):
    settings = change(unlabelled=photos, method="sure")
    RunFolder(tmp_path / "run", settings).close()
    other = f"images:{scenes / 'gta5/images'}"
    with pytest.raises(ValueError, match=f"unlabelled was '{photos}', is '{other}'"):
        run(settings.change(unlabelled=other), tmp_path / "run", resume=True)


def test_the_guard_is_looked_at_before(change, scenes, tmp_path):
    root = shutil.copytree(scenes / "cityscapes", tmp_path / "guard")
    bad = min((root / "leftImg8bit/val").rglob("*.png"))
    bad.write_bytes(b"")
    with pytest.raises(DataError, match="the file is empty") as error:
        train(change(guard=f"cityscapes:{root}"), tmp_path / "run")
    assert error.value.findings[0].file == str(bad)
    assert not (tmp_path / "run").exists()


def test_guard_masks_without_a_labelled_pixel_are_refused_before(
    change, scenes, tmp_path
):
    root = shutil.copytree(scenes / "cityscapes", tmp_path / "guard")
    mask = min((root / "gtFine/val").rglob("*labelIds.png"))
    with Image.open(mask) as picture:
        Image.new("L", picture.size, 0).save(mask)
    with pytest.raises(DataError, match="every pixel is ignored") as error:
        train(change(guard=f"cityscapes:{root}"), tmp_path / "run")
    assert error.value.findings[0].file == str(mask)
    assert not (tmp_path / "run").exists()


def test_images_that_are_evaluated_on_are_warned_of(change, scenes, photos):
    assert records_of(change(unlabelled=photos)).overlap() == ""
    data = f"images:{scenes / 'cityscapes/leftImg8bit'}"
    text = records_of(change(unlabelled=data)).overlap().replace("\n", " ")
    assert text.startswith(
        "Warning: 3 of the 9 unlabelled images are among the 3 to ev"
    )


def test_a_guard_that_decides_by_what_is_evaluated_is_warned_of(change, scenes):
    data = f"cityscapes:{scenes / 'cityscapes'}"
    text = records_of(change(guard=data)).overlap().replace("\n", " ")
    assert "Warning: 3 of the 3 guard images are among the 3 to evaluate on" in text
    for other in (f"gta5:{scenes / 'gta5'}", "source"):
        assert records_of(change(guard=other)).overlap() == ""
    records = records_of(change(guard=data))
    text = records.overlap(records.guard.select([1])).replace("\n", " ")
    assert "1 of the 3 guard images are among the labelled ones, such as" in text


def test_shots_that_are_evaluated_on_are_warned_of(change, scenes, tmp_path, capsys):
    root = shutil.copytree(scenes / "cityscapes", tmp_path / "seen")
    for part in ("leftImg8bit", "gtFine"):
        shutil.copytree(root / part / "train", root / part / "val", dirs_exist_ok=True)
    seen = change(validation=f"cityscapes:{root}", panels=0)
    train(seen.change(method="source_only"), tmp_path / "none")
    assert "Warning" not in capsys.readouterr().out
    train(seen.change(method="fine_tuning"), tmp_path / "run")
    shown = capsys.readouterr().out.replace("\n", " ")
    assert "Warning: 3 of the 3 labelled images are among the 9 to evaluate" in shown
    compare(seen, tmp_path / "all", [1], 1, ["fine_tuning"])
    shown = capsys.readouterr().out.replace("\n", " ")
    assert "Warning: 6 of the 6 labelled images are among the 9 to evaluate" in shown


def test_pictures_alone_are_cut_like_the_target(change, photos, monkeypatch):
    target = load(change().data.target)
    assert records_of(change(unlabelled=photos)).unlabelled.crop is None
    object.__setattr__(target, "crop", 1.25)
    monkeypatch.setattr(
        "keras_pixda.runs.run_records.load",
        lambda data: target if "cityscapes" in data else load(data),
    )
    assert records_of(change(unlabelled=photos)).unlabelled.crop == 1.25


def test_a_folder_with_masks_in_it_is_warned_of(change, scenes):
    settings = change(unlabelled=f"images:{scenes / 'gta5/labels'}")
    records = records_of(settings)
    facts = class_facts(records.counted, verbose=False)
    warning, _ = mask_warnings(records.records, facts)
    assert warning.startswith("Warning, unlabelled: 8 of 8 pictures are gray or have a")


def test_pictures_without_masks_are_no_source_and_nothing_to_evaluate_on(
    change, photos
):
    for name in ("source", "validation"):
        with pytest.raises(ValueError, match="images holds pictures without masks"):
            records_of(change(**{name: photos}))
    with pytest.raises(ValueError, match="images holds pictures without masks"):
        evaluate("nowhere", load(photos))


@pytest.mark.usefixtures("eagerly")
def test_a_killed_run_without_shots_ends_as_one_that_was_not(
    change, photos, tmp_path, killed_at, capsys
):
    options = {"method": "sure", "shots": 0, "steps": 2, "distillation_steps": 0}
    settings = change(**options, unlabelled=photos, source_steps=1, panels=0)
    settings = settings.change(save_every=1)
    result = train(settings, tmp_path / "whole")
    shown = capsys.readouterr().out
    assert "8 source images, 0 target images, 6 unlabelled ones, 3 to ev" in shown
    assert 0 <= result["adapted"]["mean_iou"] <= 1

    def run(**options):
        return train(settings, tmp_path / "killed", verbose=False, **options)

    killed_at(ProgressLine, "on_train_batch_end", 3, run)
    run(resume=True)
    weights = [
        keras.models.load_model(tmp_path / folder / "segmenter.keras").get_weights()
        for folder in ("whole", "killed")
    ]
    for value, wanted in zip(*weights, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_classes_are_counted_elsewhere_if_the_target_has_no_masks(change, photos):
    validation = change().data.target
    settings = change(target=photos, validation=validation, shots=0, method="sure")
    records = records_of(settings)
    assert records.counted is records.validation
    facts = class_facts(records.counted, verbose=False)
    [line] = mask_warnings(records.records, facts)
    assert line.startswith("No mask of the data to evaluate on has a pixel of")
    data = few_shot_data(
        settings, records.source, records.target, unlabelled=records.unlabelled
    )
    assert (len(data.target), len(data.unlabelled)) == (0, 6)
    assert data.target.classes == records.source.classes


@pytest.mark.usefixtures("eagerly")
def test_a_method_that_does_not_read_them_pays_nothing(
    change, photos, tmp_path, capsys
):
    for path in (tmp_path / "photos").rglob("*.png"):
        path.write_bytes(b"")  # Would stop whoever decoded it, and be listed.
    options = {"method": "fine_tuning", "on_bad_file": "skip", "source_steps": 1}
    settings = change(**options, steps=1, distillation_steps=0, panels=0)
    train(settings.change(unlabelled=photos), tmp_path / "run")
    shown = capsys.readouterr().out
    assert "Fine-Tuning does not read the unlabelled images." in shown
    assert "No file was left out." in shown


def test_check_looks_at_pictures_alone(photos, tmp_path, capsys):
    assert main(["check", photos]) == 0
    shown = capsys.readouterr().out
    assert "48 x 32" in shown
    assert "6 pictures: no problems" in shown
    paths = sorted((tmp_path / "photos").rglob("*.png"))
    paths[0].write_bytes(b"")
    Image.fromarray(np.zeros((32, 48), np.uint16)).save(paths[1])
    Image.new("P", (48, 32)).save(paths[2])
    assert main(["check", photos]) == 1
    shown = capsys.readouterr().out
    assert f"{paths[0]}: the file is empty" in shown
    assert f"{paths[1]}: has pixels of Pillow mode I;16" in shown
    assert f"1 of 6 pictures are gray or have a palette, such as {paths[2]}" in shown
    assert "6 pictures: 3 problems" in shown
    assert main(["check", photos, "--preview", str(tmp_path / "seen")]) == 2
    assert "images holds pictures without masks" in capsys.readouterr().err


def test_check_looks_at_the_pictures_of_a_data_set_without_its_masks(
    scenes, tmp_path, capsys
):
    shutil.copytree(scenes / "gta5/images", tmp_path / "images")
    assert main(["check", f"gta5:{tmp_path}", "--unlabelled"]) == 0
    assert "8 pictures: no problems" in capsys.readouterr().out


def test_mistyped_data_are_told_at_once(photos, scenes, tmp_path, capsys):
    words = ["train", "--output", str(tmp_path / "run")]
    good = {"--source": f"gta5:{scenes}", "--target": f"cityscapes:{scenes}"}
    for name, value, message in (
        ("--source", photos, "holds pictures without masks"),
        ("--target", photos, "or take no shots of it (--shots 0)"),
        ("--unlabelled", "photos:x", "unknown data set 'photos'"),
    ):
        options = [word for pair in {**good, name: value}.items() for word in pair]
        assert main([*words, *options]) == 2
        assert message in capsys.readouterr().err
    assert not pathlib.Path(tmp_path / "run").exists()
