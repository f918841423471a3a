import csv
import json

import pytest

from keras_pixda import methods
from keras_pixda.cli import main
from keras_pixda.comparison import compare
from keras_pixda.comparison.rows import ROWS


def test_a_killed_comparison_repeats_only_what_was_not_finished(
    change, tmp_path, monkeypatch
):
    settings = change(source_steps=2, steps=1, distillation_steps=1)
    ran = []
    real = methods.fine_tuning

    def watched(segmenter, dataset, settings, callbacks=()):
        ran.append((settings.data.shots, settings.training.seed))
        if ran == [(1, 0), (2, 0), (1, 1)]:
            raise KeyboardInterrupt
        return real(segmenter, dataset, settings, callbacks)

    monkeypatch.setattr(methods, "fine_tuning", watched)
    arguments = (settings, tmp_path / "comparison", [1, 2], 2)
    names = ["source_only", "fine_tuning"]
    with pytest.raises(KeyboardInterrupt):
        compare(*arguments, names, verbose=False)
    table = compare(*arguments, names, resume=True, verbose=False)
    # The third cell was interrupted and is repeated; two finished ones are not.
    assert ran == [(1, 0), (2, 0), (1, 1), (1, 1), (2, 1)]
    assert len(table.split("\n\n")[0].splitlines()) == 4
    results = json.loads((tmp_path / "comparison" / "results.json").read_text())
    assert len(results) == 2 + 4
    with (tmp_path / "comparison" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(r["road"]) for r in rows] == [c["iou"]["road"] for c in results]
    assert (tmp_path / "comparison" / "table.md").read_text() == table + "\n"


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
    compare(*arguments, resume=True, verbose=False)
    again = json.loads(path.read_text(), parse_constant=pytest.fail)["iou"]
    assert again.pop("absent_share") is None
    del new["absent_share"]
    assert again == pytest.approx(new)


def test_processes_give_the_same_results_as_one(change, tmp_path):
    settings = change(source_steps=2, steps=1, distillation_steps=1)
    names = ["source_only", "fine_tuning", "pixda"]
    results = {}
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        compare(settings, folder, [1], 1, names, processes, verbose=False)
        results[processes] = json.loads((folder / "results.json").read_text())
    for one, two in zip(results[1], results[2], strict=True):
        assert one["method"] == two["method"]
        assert one["iou"]["mean_iou"] == pytest.approx(two["iou"]["mean_iou"], abs=0.01)


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
