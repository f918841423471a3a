import pathlib
import shutil

import pytest
from PIL import Image

from keras_pixda.cli import main
from keras_pixda.datasets import DataError
from keras_pixda.runs import RunFolder, RunRecords, train


@pytest.fixture
def faulty(scenes, change, tmp_path):
    """Scenes with faults of every part, and settings that skip them."""
    shutil.copytree(scenes, tmp_path / "scenes")
    root = tmp_path / "scenes"
    images = sorted((root / "gta5/images").iterdir())
    masks = sorted((root / "gta5/labels").iterdir())
    images[0].write_bytes(b"")
    masks[1].unlink()
    Image.new("L", (48, 32), 99).save(masks[2])
    mask = min((root / "cityscapes/gtFine/val").rglob("*labelIds.png"))
    mask.write_bytes(mask.read_bytes()[:-20])
    names = {path.name for path in (images[0], images[1], masks[2], mask)}
    settings = change(
        source=f"gta5:{root / 'gta5'}",
        target=f"cityscapes:{root / 'cityscapes'}",
        on_bad_file="skip",
        source_steps=1,
        steps=1,
        distillation_steps=0,
        panels=0,
    )
    return settings, names, images


def test_skip_leaves_pairs_out_and_keeps_to_it(faulty, change, tmp_path):
    settings, names, images = faulty
    records = RunRecords(settings, verbose=False)
    assert len(records.source) == 5
    assert len(records.validation) == 2
    assert {pathlib.Path(f.file).name for f in records.left_out} == names
    records.write(RunFolder(tmp_path / "run", settings))
    # What changes on disk meanwhile moves no position.
    shutil.copy(images[4], images[0])
    images[5].unlink()
    again = RunRecords(settings, tmp_path / "run", verbose=False)
    assert again.source == records.source
    assert again.validation == records.validation
    assert again.left_out == records.left_out
    (tmp_path / "run/pairs.json").write_text('{"left_out": []}')
    with pytest.raises(ValueError, match=r"pairs\.json: does not hold the pairs"):
        RunRecords(settings, tmp_path / "run", verbose=False)


def test_stop_is_the_default(faulty, change):
    settings, _, _ = faulty
    with pytest.raises(DataError, match="1 images without a mask"):
        RunRecords(change(source=settings.data.source), verbose=False)


def test_nothing_usable(faulty):
    settings, _, images = faulty
    for image in images:
        image.write_bytes(b"")
    with pytest.raises(ValueError, match="gta5: no pair can be used, such as .*empty"):
        RunRecords(settings, verbose=False)


def test_a_run_lists_what_it_left_out(faulty, tmp_path, capsys):
    settings, names, images = faulty
    (tmp_path / "config.json").write_text(settings.to_json())
    run = str(tmp_path / "run")
    assert (
        main(["train", "--config", str(tmp_path / "config.json"), "--output", run]) == 0
    )
    shown = capsys.readouterr().out
    listed = pathlib.Path(run, "left_out.txt").read_text()
    assert listed.startswith("Left out, 4 files:")
    assert listed in shown
    for name in names:
        assert name in listed
    images[4].unlink()  # Lost between two runs, with its place in the order.
    train(settings, run, resume=True, verbose=False)
