"""Comparisons with unlabelled images, and with methods that need no shots."""

import json

import pytest

from keras_pixda.comparison import compare
from keras_pixda.comparison.comparison_plan import ComparisonPlan
from keras_pixda.methods import METHODS
from tests.methods.reads_unlabelled import Sure


@pytest.fixture(autouse=True)
def sure(monkeypatch):
    """The method `"sure"`, which needs unlabelled images and no shots."""
    monkeypatch.setitem(METHODS, "sure", Sure())


def test_what_needs_unlabelled_images_runs_by_default_if_there_are_some():
    assert "sure" in ComparisonPlan.of(unlabelled=True).methods
    assert "sure" not in ComparisonPlan.of().methods
    assert "pixda" in ComparisonPlan.of().methods


def test_what_has_no_cell_is_said_before_anything_is_trained(change, tmp_path):
    settings = change(unlabelled=change().data.target)
    with pytest.raises(ValueError, match="FDA needs labelled target images, expected"):
        compare(settings, tmp_path / "c", [0], 1, ["sure", "fda"], verbose=False)
    with pytest.raises(ValueError, match="Sure needs unlabelled target images"):
        compare(change(), tmp_path / "c", [1], 1, ["sure"], verbose=False)
    with pytest.raises(ValueError, match=r"all 6 unlabelled .* \(shots\)"):
        compare(settings, tmp_path / "c", [0, 2], 1, ["sure"], verbose=False)
    assert not (tmp_path / "c").exists()


@pytest.mark.usefixtures("eagerly")
def test_without_shots_there_are_rows_of_who_needs_none(change, tmp_path):
    settings = change(
        unlabelled=change().data.target,
        source_steps=1,
        steps=1,
        distillation_steps=0,
        panels=1,
    )
    names = ["source_only", "fine_tuning", "sure"]
    table = compare(settings, tmp_path / "c", [0, 1], 1, names, verbose=False)
    cells = json.loads((tmp_path / "c/results.json").read_text())
    assert {(cell["method"], cell["shots"]) for cell in cells} == {
        ("source_only", 1),
        ("fine_tuning", 1),
        ("sure", 0),
        ("sure", 1),
    }
    assert "| method | 0-shot | 1-shot |" in table
    assert "| With 6 unlabelled images, but for the shots |  |  |\n| Sure |" in table
    fine_tuning = next(line for line in table.splitlines() if "Fine-Tuning" in line)
    assert fine_tuning.split("|")[2].strip(" –/") == ""
    page = (tmp_path / "c/report.html").read_text()
    assert "6 images but for the shots, read by Sure" in page
    assert (tmp_path / "c/panel.png").exists()
