import pytest

from keras_pixda.methods import METHODS, Method
from keras_pixda.runs import run_plan


@pytest.mark.parametrize("name", METHODS)
def test_source_only_comes_first_and_the_segmenter_last(change, name):
    plan = run_plan(change(method=name))
    assert (plan[0].title, plan[0].steps, plan[0].file) == (
        "source only",
        6,
        "source_only.keras",
    )
    if name != "source_only":
        assert plan[-1].file == "segmenter.keras"
        assert sum(phase.steps for phase in plan[1:]) == 7
    assert len(plan) == {"source_only": 1, "pixda": 3}.get(name, 2)
    # What another phase goes on from is whole.
    assert [phase.plain for phase in plan] == [True, False, True][-len(plan) :] or (
        len(plan) == 2 and all(phase.plain for phase in plan)
    )


def test_the_files_of_pixda(settings):
    source_only, adaptation, distillation = run_plan(settings)
    assert [source_only.state, adaptation.state, distillation.state] == [
        "state/source_only",
        "state/adaptation",
        "state/distillation",
    ]
    assert (adaptation.file, distillation.file) == ("pixda.keras", "segmenter.keras")
    assert adaptation.tables == ("history_adaptation.csv", "per_class_iou.csv")


def test_given_weights_leave_source_only_out(change):
    assert run_plan(change(weights="some.keras"))[0].steps == 0


class ThreePhases(Method):
    name = "three"
    title = "Three"

    def plan(self, settings):
        return {"warm up": 1, "second part": 2, "end": 0}


def test_every_phase_has_files_of_its_own(settings, monkeypatch):
    monkeypatch.setitem(METHODS, "three", ThreePhases())
    preset = type(settings).preset("small", source="a:b", target="c:d", method="three")
    _, *own = run_plan(preset)
    files = ["three.keras", "three_second_part.keras", "segmenter.keras"]
    assert [phase.file for phase in own] == files
    assert len({name for phase in own for name in phase.tables}) == 6
