"""The trials of `benchmarks/equal_effort.py`."""

import pathlib

import pytest

from benchmarks.equal_effort import (
    IMPORTANT,
    best_changes,
    part,
    read_trials,
    shortened,
)
from keras_pixda.comparison.rows import ROWS
from keras_pixda.methods import METHODS


@pytest.mark.parametrize("method", [*METHODS])
def test_every_method_gets_five_trials_of_settings_that_it_has(method, change):
    own = change()[method]
    value = getattr(own, IMPORTANT[method]) if method in IMPORTANT else None
    best, trials = best_changes(method, 0.01, value, lambda changes: len(changes))
    assert len(trials) == 5
    for changes, _ in trials:
        change(**changes)
    assert len({tuple(changes.items()) for changes, _ in trials}) == 5
    assert best in [changes for changes, _ in trials]


def test_the_setting_is_tried_at_the_best_rate():
    def score(changes):
        rate = changes["fda.learning_rate"]
        return -abs(rate - 0.03) + changes.get("fda.entropy_weight", 0)

    best, trials = best_changes("fda", 0.01, 0.005, score)
    assert best == {"fda.learning_rate": 0.03, "fda.entropy_weight": 0.015}
    weights = [changes.get("fda.entropy_weight") for changes, _ in trials]
    assert weights[:3] == [None] * 3
    assert weights[3:] == pytest.approx([0.005 / 3, 0.015])


def test_parts_of_the_targets_own_evaluation_data(change):
    settings = change(target="camvid:/a?cities=18", validation=None)
    assert part(settings, "rest").data.validation == "camvid:/a?part=rest"
    assert part(settings, "rest").data.target == "camvid:/a?cities=18"


def test_a_trial_has_its_share_of_every_phase(change):
    settings = change(steps=720, distillation_steps=180, decay_steps=900)
    training = shortened(settings, 0.5).training
    assert training.steps == 360
    assert training.distillation_steps == 90
    assert training.decay_steps == 450
    assert shortened(settings, 1.0) == settings
    training = shortened(settings, 0.0071).training  # 5.1, 1.3 and 6.4 of them.
    assert training.steps == 6
    assert training.distillation_steps == 2
    assert training.decay_steps == 8
    without = change(distillation_steps=0)
    assert shortened(without, 1.0) == without


def test_the_committed_trials_are_of_settings_that_the_methods_have(change):
    committed = pathlib.Path(__file__).parents[2] / "benchmarks/results"
    trials = read_trials(committed / "trials_real_3.json")
    assert set(trials) <= set(ROWS)
    for row in trials.values():
        assert len(row["trials"]) == 5
        assert row["best"] == max(row["trials"], key=lambda trial: trial[1])[0]
        change(**row["best"])
    assert read_trials(None) == {}
