"""A method that the package does not know, wherever a method can be named."""

import json

import numpy as np
import pytest
from outside_method import Mine

from keras_pixda.callbacks import ProgressLine
from keras_pixda.cli import main
from keras_pixda.methods import METHODS
from keras_pixda.runs import Settings, train

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]


@pytest.fixture
def settings(scenes, monkeypatch):
    monkeypatch.setitem(METHODS, "mine", Mine())
    return Settings.preset(
        "small",
        source=f"gta5:{scenes / 'gta5'}",
        target=f"cityscapes:{scenes / 'cityscapes'}",
        method="mine",
        image_size=(32, 48),
        batch_size=2,
        source_steps=1,
        steps=3,
        distillation_steps=1,
        save_every=1,
        panels=1,
    )


def test_train_resumes_and_prolongs_both_of_its_phases(settings, tmp_path, killed_at):
    def run(folder, steps, resume=False):
        more = settings.change(steps=steps)
        return train(more, tmp_path / folder, resume=resume, verbose=False)

    whole = run("whole", 5)
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {"mine.keras", "segmenter.keras", "history_second_half.csv"} <= names
    assert {"per_class_iou.csv", "per_class_iou_second_half.csv"} <= names
    # In the second phase: its model and optimizer are built anew on what the file of
    # the first one holds.
    killed_at(ProgressLine, "on_train_batch_end", 1 + 2 + 2, lambda: run("killed", 3))
    resumed = run("killed", 3, resume=True)
    assert resumed["adapted"] != whole["adapted"]
    prolonged = run("killed", 5, resume=True)
    np.testing.assert_equal(prolonged["adapted"], whole["adapted"])
    for name in names:
        if name.endswith(".csv"):
            found, wanted = (tmp_path / f / name for f in ("killed", "whole"))
            assert found.read_text() == wanted.read_text()


def test_the_command_line_and_the_report_name_it(settings, tmp_path, capsys):
    for command in ("train", "compare"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        shown = capsys.readouterr().out
        assert "mine" in shown
        assert "calm" in shown
    words = ["--source", settings.data.source, "--target", settings.data.target]
    words += ["--image-size", "32", "48", "--batch-size", "2", "--panels", "1"]
    words += ["--source-steps", "1", "--steps", "1", "--distillation-steps", "1"]
    folder = str(tmp_path / "comparison")
    words += ["--output", folder, "--methods", "source_only", "mine", "mine_calmer"]
    assert main(["compare", *words, "--shots", "1", "--seeds", "1"]) == 0
    assert "\nMine, calmer " in capsys.readouterr().out
    page = (tmp_path / "comparison" / "report.html").read_text()
    assert "Mine, calmer" in page
    results = json.loads((tmp_path / "comparison" / "results.json").read_text())
    assert [cell["method"] for cell in results] == [
        "source_only",
        "mine",
        "mine_calmer",
    ]


def test_phases_that_are_not_as_planned_are_named(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(Mine, "plan", METHODS["fda"].plan)
    monkeypatch.setattr(Mine, "phases", Unplanned.phases)
    with pytest.raises(ValueError, match=r"Mine yields .*'adaptation', 4.* plan\(\)"):
        train(settings, tmp_path / "run", verbose=False)


class Unplanned:
    def phases(self, start, data, settings):
        for phase in METHODS["fda"].phases(start, data, settings):
            phase.steps += 1
            yield phase
