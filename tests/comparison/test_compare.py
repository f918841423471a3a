import csv
import json

import pytest
from outside_method import Mine

from keras_pixda.callbacks import ProgressLine
from keras_pixda.cli import main
from keras_pixda.comparison import compare
from keras_pixda.comparison.rows import ROWS
from keras_pixda.methods import METHODS
from keras_pixda.runs import Settings

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]


@pytest.fixture
def steps_done(monkeypatch):
    """The titles of the phases of all steps that are done."""
    done, real = [], ProgressLine.on_train_batch_end

    def watched(line, *args, **kwargs):
        done.append(line.title)
        return real(line, *args, **kwargs)

    monkeypatch.setattr(ProgressLine, "on_train_batch_end", watched)
    return done


def test_a_killed_comparison_goes_on_from_the_last_state_of_its_cell(
    change, tmp_path, steps_done, killed_at
):
    settings = change(source_steps=2, steps=2, distillation_steps=1, save_every=1)
    names = ["source_only", "fine_tuning"]

    def run(folder, resume=False):
        arguments = (settings, tmp_path / folder, [1, 2], 2, names)
        return compare(*arguments, resume=resume, verbose=False)

    table = run("whole")
    adaptation = ["adaptation"] * 3
    assert steps_done == ["source only"] * 2 * 2 + adaptation * 4
    steps_done.clear()
    # In the second step of the second cell.
    killed_at(ProgressLine, "on_train_batch_end", 4 + 3 + 2, lambda: run("killed"))
    left = {path.name for path in (tmp_path / "killed/cells").iterdir()}
    assert "fine_tuning_2_0" in left
    assert "fine_tuning_1_0" not in left
    steps_done.clear()
    assert run("killed", resume=True) == table
    # Its first step is not repeated, and nor is anything before it.
    assert steps_done == ["adaptation"] * (2 + 3 + 3)
    assert len(table.split("\n\n")[1].splitlines()) == 4
    results, wanted = (
        json.loads((tmp_path / folder / "results.json").read_text())
        for folder in ("killed", "whole")
    )
    assert len(results) == 2 + 4
    for result, expected in zip(results, wanted, strict=True):
        del result["seconds"], expected["seconds"]
        assert result == expected
    with (tmp_path / "killed" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(r["road"]) for r in rows] == [c["iou"]["road"] for c in results]
    assert (tmp_path / "killed" / "table.md").read_text() == table + "\n"
    # What cells needed to go on is deleted.
    assert not [*(tmp_path / "killed").rglob("*.state")]
    assert not [*(tmp_path / "killed/cells").rglob("*.keras")]


def test_numbers_that_are_not_finite_are_an_error_and_no_low_figure(change, tmp_path):
    settings = change(
        source_steps=1,
        steps=2,
        distillation_steps=0,
        fine_tuning={"learning_rate": 1e38},
    )
    with pytest.raises(
        ValueError, match=r"In batch \d of pass 1, .* lower the learning"
    ):
        compare(settings, tmp_path / "c", [1], 1, ["fine_tuning"], verbose=False)


def test_what_a_method_cannot_do_is_said_before_anything_is_trained(change, tmp_path):
    for name, message in (("naae", "NAAE"), ("fsda", "FSDA")):
        names = ["source_only", "pixda", name]
        with pytest.raises(ValueError, match=f"{message}.*accumulate is 2, expected 1"):
            compare(change(accumulate=2), tmp_path / "c", names=names, verbose=False)
        assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        ({"shots": [1, 3]}, {}, r"shots are \[1, 3\], expected numbers up to 2"),
        ({"shots": [1, 1]}, {}, "each once"),
        ({"shots": [0]}, {}, "shots=0 leaves no target image"),
        ({"seeds": 0}, {}, "seeds is 0"),
        ({"seeds": 2}, {"seed": 2**31 - 1}, "seed is 2147483648"),
        ({"names": ["source_only", "source_only"]}, {}, "each once"),
        ({"processes": 0}, {}, "processes is 0, expected at least 1"),
        ({"shots": [1, 2]}, {"shots_file": "mine.txt"}, "mine.txt lists"),
        ({}, {"batch_size": 9}, "batch_size"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_written(
    change, tmp_path, arguments, changes, message
):
    arguments = {"shots": [1], "seeds": 1, "names": ["source_only"], **arguments}
    with pytest.raises(ValueError, match=message):
        compare(change(**changes), tmp_path / "c", **arguments, verbose=False)
    assert not (tmp_path / "c").exists()


def test_a_resumed_comparison_is_the_one_that_was_begun(change, tmp_path, capsys):
    settings = change(source_steps=1, steps=1, distillation_steps=0, panels=0)
    folder = tmp_path / "comparison"
    words = ["compare", "--output", str(folder), "--resume"]
    compare(settings, folder, [2], 1, ["source_only"], verbose=False)
    files = {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    assert main(words) == 0
    assert {p: p.stat().st_mtime_ns for p in (folder / "cells").iterdir()} == files
    assert main([*words, "--methods", "source_only", "fine_tuning"]) == 0
    shown = capsys.readouterr().out
    assert "fine_tuning, 2 shots, seed 0" in shown
    assert "mIoU / well / under in %\n\nmethod" in shown
    assert main(words) == 0
    plan = {"methods": ["source_only", "fine_tuning"], "shots": [2], "seeds": 1}
    assert json.loads((folder / "comparison.json").read_text()) == plan
    cells = json.loads((folder / "results.json").read_text())
    assert [cell["method"] for cell in cells] == plan["methods"]
    # Those of earlier versions remember nothing: as ever, the defaults.
    (folder / "comparison.json").unlink()
    assert main(words) == 2
    assert not (folder / "comparison.json").exists()


def test_cells_of_an_earlier_version_are_averaged_like_new_ones(change, tmp_path):
    settings = change(source_steps=1, steps=1, distillation_steps=0)
    folder = tmp_path / "comparison"
    arguments = (settings, folder, [1], 1, ["source_only"])
    compare(*arguments, verbose=False)
    path = folder / "cells" / "source_only_1_0.json"
    text = path.read_text()
    new = json.loads(text, parse_constant=pytest.fail)["iou"]
    absent = [name for name, value in new.items() if value is None]
    assert "bus" in absent
    old = {name: new[name] for name in new if name != "absent_share"}
    old |= {"mean_iou": 0.0, "under_iou": 0.0, "bus": 0.0, "train": float("nan")}
    path.write_text(json.dumps({**json.loads(text), "iou": old}))
    (folder / "manifest.json").unlink()  # That version wrote none.
    compare(*arguments, resume=True, verbose=False)
    again = json.loads(path.read_text(), parse_constant=pytest.fail)["iou"]
    assert again.pop("absent_share") is None
    del new["absent_share"]
    assert again == pytest.approx(new)


def test_processes_give_the_same_results_as_one_with_a_method_from_outside(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setitem(METHODS, "mine", Mine())
    settings = Settings.preset(
        "small",
        source=settings.data.source,
        target=settings.data.target,
        **{"image_size": (32, 48), "batch_size": 2, "discriminator_filters": 2},
        **{"source_steps": 2, "steps": 1, "distillation_steps": 1, "panels": 1},
    )
    names = ["source_only", "mine", "pixda"]
    results = {}
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        compare(settings, folder, [1], 1, names, processes, verbose=False)
        results[processes] = json.loads((folder / "results.json").read_text())
    for one, two in zip(results[1], results[2], strict=True):
        assert one["method"] == two["method"]
        assert one["iou"]["mean_iou"] == pytest.approx(two["iou"]["mean_iou"], abs=0.01)
    assert results[1][1]["method"] == "mine"
    page = (tmp_path / "2" / "report.html").read_text()
    assert "Mine" in page


def test_a_finished_comparison_takes_more_rows(change, tmp_path):
    settings = change(source_steps=2, steps=2, distillation_steps=1)
    folder = tmp_path / "comparison"
    names = ["source_only", "pixda"]
    compare(settings, folder, [1], 1, names, verbose=False)
    before = (folder / "cells" / "pixda_1_0.json").stat().st_mtime_ns
    names += ["no_distillation", "pixda+"]
    compare(settings, folder, [1], 1, names, resume=True, verbose=False)
    assert (folder / "cells" / "pixda_1_0.json").stat().st_mtime_ns == before
    assert len(json.loads((folder / "results.json").read_text())) == 4
    page = (folder / "report.html").read_text()
    for name in names:
        assert ROWS[name].title in page
        assert ROWS[name].title in (folder / "figure.svg").read_text()
    assert "Published figures" in page
    assert (folder / "panel.png").exists()


def test_the_command_names_an_unknown_method(scenes, tmp_path, capsys):
    words = ["compare", "--output", str(tmp_path / "c"), "--methods", "magic"]
    words += ["--source", f"gta5:{scenes / 'gta5'}"]
    words += ["--target", f"cityscapes:{scenes / 'cityscapes'}"]
    assert main(words) == 2
    assert "Unknown methods ['magic']" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()
