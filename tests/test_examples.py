"""The scripts of examples/ do what they say."""

import functools
import pathlib
import re
import runpy

import keras

from keras_pixda.models import small_segmenter

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"


def test_pixadv_in_your_model(capsys):
    runpy.run_path(str(EXAMPLES / "pixadv_in_your_model.py"), run_name="__main__")
    shown = capsys.readouterr().out
    losses = re.findall(r"^(\w+) ([\d.]+) -> ([\d.]+)$", shown, re.MULTILINE)
    assert [name for name, *_ in losses] == ["segmenter", "discriminator", "compiled"]
    for _, first, last in losses:
        assert float(last) < float(first)


def test_your_own_data(tmp_path, capsys):
    example = runpy.run_path(str(EXAMPLES / "your_own_data.py"))
    example["draw"](tmp_path)
    before, after = example["main"](tmp_path, steps=20)
    assert after["mean_iou"] > before["mean_iou"]
    assert set(after) == {"mean_iou", "absent_share", *example["CLASSES"]}
    assert "24 rendered images, 2 photos" in capsys.readouterr().out
    segmenter = keras.saving.load_model(tmp_path / "segmenter.keras")
    assert segmenter.output_shape[-1] == 3


def test_train_distributed(scenes, tmp_path):
    example = runpy.run_path(str(EXAMPLES / "train_distributed.py"))
    model = example["main"](
        scenes / "gta5",
        scenes / "cityscapes",
        tmp_path / "segmenter.keras",
        functools.partial(small_segmenter, filters=4),
        (32, 48),
        epochs=1,
    )
    assert model.optimizer.iterations == 4  # Eight source images in batches of 2.
    assert (tmp_path / "segmenter.keras").is_file()
