"""Files of version 0.1 are read: its runs, models, comparisons and settings."""

import json
import pathlib
import shutil

import keras
import numpy as np
import pytest

from keras_pixda.comparison import compare
from keras_pixda.datasets import cityscapes
from keras_pixda.models.load_model import load_model
from keras_pixda.runs import Settings, evaluate, export, predict, train
from keras_pixda.toy_scenes import toy_scenes

WRITTEN = pathlib.Path(__file__).parents[1] / "version_0_1"


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """What 0.1 wrote, beside the scenes that it was trained on."""
    root = tmp_path_factory.mktemp("version_0_1")
    shutil.copytree(WRITTEN, root, dirs_exist_ok=True)
    scenes = root / "scenes"
    toy_scenes(
        scenes,
        source_images=8,
        target_images_per_city=2,
        validation_images=2,
        image_size=(32, 48),
    )
    for config in root.glob("*/config.json"):
        config.write_text(config.read_text().replace("SCENES", str(scenes)))
    return root


def test_the_segmenter_of_a_run_measures_as_it_did(old):
    record = cityscapes(old / "scenes" / "cityscapes", "val")
    recorded = json.loads((old / "run" / "result.json").read_text())["adapted"]
    iou = evaluate(old / "run", record, verbose=False)
    for name, value in recorded.items():
        if np.isfinite(value):
            # Rounding differs from processor to processor: a pixel or two.
            assert iou[name] == pytest.approx(value, abs=0.02), name


def test_its_pictures_are_segmented_and_it_is_exported(old, tmp_path):
    pictures = old / "scenes" / "cityscapes" / "leftImg8bit" / "val"
    predict(old / "run", pictures, tmp_path / "pictures", verbose=False)
    assert list((tmp_path / "pictures").rglob("*.png"))
    export(old / "run", tmp_path / "segmenter.keras", "keras")
    assert (tmp_path / "segmenter.keras").stat().st_size


@pytest.mark.parametrize("name", ["source_only", "segmenter"])
def test_its_segmenters_answer_in_logits(old, name):
    segmenter = load_model(old / "run" / f"{name}.keras")
    assert segmenter(np.zeros((1, 32, 48, 3), np.uint8)).shape == (1, 32, 48, 19)


def test_its_model_is_loaded_with_discriminators_and_optimizers(old):
    model = load_model(old / "run" / "pixda.keras")
    same = load_model(old / "run" / "segmenter.keras")
    assert type(model).__name__ == "PixDAModel"
    assert model.compiled
    # It holds the end of adaptation, from which distillation went on.
    assert int(model.optimizer.iterations) == 4
    assert [w.shape for w in model.segmenter.weights] == [w.shape for w in same.weights]
    assert len(keras.tree.flatten(model.discriminator_optimizer.variables)) > 2


def test_its_settings_can_be_used_again(old):
    settings = Settings.from_file(old / "run" / "config.json")
    assert settings.training.source_steps == 4
    assert settings["pixda"].threshold == 0
    assert settings["pixda"].discriminator_filters == 2


def test_its_killed_run_is_not_mixed_with_a_new_one(old):
    settings = Settings.from_file(old / "killed" / "config.json")
    with pytest.raises(ValueError, match=r"keras_pixda 0.1, .*--config .*config.json"):
        train(settings, old / "killed", resume=True, verbose=False)
    assert (old / "killed" / "state" / "adaptation" / "00000002.state").exists()


def test_its_comparison_takes_more_rows(old, eager):
    settings = Settings.from_file(old / "comparison" / "config.json")
    names = ["source_only", "fine_tuning", "joint_training"]
    written = json.loads((old / "comparison/cells/fine_tuning_1_0.json").read_text())
    with eager():
        compare(settings, old / "comparison", [1], 1, names, resume=True, verbose=False)
    results = json.loads((old / "comparison" / "results.json").read_text())
    cells = {cell["method"]: cell for cell in results}
    assert set(cells) == set(names)
    assert cells["fine_tuning"]["iou"]["road"] == written["iou"]["road"]
    assert np.isfinite(cells["joint_training"]["iou"]["mean_iou"])
