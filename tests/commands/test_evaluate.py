"""What `evaluate` measures: the pairs that a data set has for it."""

import numpy as np
import pytest
from PIL import Image

import keras_pixda.runs
from keras_pixda.cli import main
from keras_pixda.datasets import DATASETS

# For each data set pairs of an image and a mask: those to train on, those to evaluate
# on, and those of other splits. One that is not divided has the first alone.
TREES = {
    "gta5": [[("images/1.png", "labels/1.png"), ("images/2.png", "labels/2.png")]],
    "synthia": [[("RGB/1.png", "GT/LABELS/1.png")]],
    "cityscapes": [
        [
            (
                f"leftImg8bit/{split}/ulm/{split}_leftImg8bit.png",
                f"gtFine/{split}/ulm/{split}_gtFine_labelIds.png",
            )
        ]
        for split in ("train", "val", "test")
    ],
    "camvid": [
        [(f"{split}/0001TP_{split}.png", f"{split}annot/0001TP_{split}.png")]
        for split in ("train", "val", "test")
    ],
    "idda": [
        [(f"images/{number}_T01_CN_A.png", f"masks/{number}_T01_CN_A.png")]
        for number in range(3)
    ],
    "folder": [[("images/1.png", "masks/1.png")]],
}
LISTS = ("train", "test_same_dom", "test_diff_dom")  # Of IDDA.


@pytest.fixture
def tree(tmp_path):
    """Return `tree(name)`, which writes a data set and gives its spelling."""

    def write(name):
        for pairs in TREES[name]:
            for path in (tmp_path / place for pair in pairs for place in pair):
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.zeros((24, 32), np.uint8)).save(path)
        if name == "idda":
            Image.fromarray(np.zeros((24, 32), np.uint8)).save(tmp_path / "hood_A.png")
            for number, listed in enumerate(LISTS):
                (tmp_path / f"{listed}.txt").write_text(f"{number}_T01_CN_A")
        if name == "folder":
            (tmp_path / "classes.txt").write_text("road")
            return f"folder:{tmp_path}/images,{tmp_path}/masks,{tmp_path}/classes.txt"
        return f"{name}:{tmp_path}"

    return write


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """The file names of the masks that a run is evaluated on, instead of doing so."""
    masks = []

    def evaluate(folder, record, model):
        masks.extend(
            str(mask.relative_to(tmp_path)) for _, mask in map(_paths, record.pairs)
        )
        return {"mean_iou": 0.5, "road": 0.5}

    def _paths(pair):
        return [tmp_path / place for place in pair]

    monkeypatch.setattr(keras_pixda.runs, "evaluate", evaluate)
    return masks


@pytest.mark.parametrize("name", [n for n in DATASETS if DATASETS[n].labelled])
def test_the_split_to_evaluate_on_is_measured(name, tree, measured, capsys):
    data, (training, *others) = tree(name), TREES[name]
    assert main(["evaluate", "run", "--data", data]) == 0
    evaluation = others[0] if others else training
    assert measured == [mask for _, mask in evaluation]
    shown = capsys.readouterr().out
    if others:
        split = DATASETS[name].evaluation_split
        assert f"Measured on {name} {split}, {len(evaluation)} pairs.\n" in shown
    else:
        assert f"Measured on {name}, {len(training)} pairs, all there are" in shown


@pytest.mark.parametrize("name", [name for name in DATASETS if DATASETS[name].splits])
def test_another_split_on_request(name, tree, measured, capsys):
    splits = DATASETS[name].splits
    for split, pairs in zip(splits, TREES[name], strict=True):
        measured.clear()
        words = ["evaluate", "run", "--data", tree(name), "--split", split]
        assert main(words) == 0
        assert measured == [mask for _, mask in pairs]
        assert f"Measured on {name} {split}," in capsys.readouterr().out


def test_a_split_that_is_not_there_is_refused(tree, measured, capsys):
    assert main(["evaluate", "run", "--data", tree("gta5"), "--split", "val"]) == 2
    assert "have splits" in capsys.readouterr().err
    assert measured == []
