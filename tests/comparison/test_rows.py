import pytest

from keras_pixda import methods
from keras_pixda.comparison.rows import ABLATIONS, BEYOND, METHODS, OPTIONS, ROWS
from keras_pixda.methods import Method, Variant
from keras_pixda.runs import Settings

DATA = {"source": "gta5:a", "target": "cityscapes:b"}


@pytest.mark.parametrize("name", [*BEYOND, *ABLATIONS, *OPTIONS])
def test_a_variant_changes_settings_and_keeps_the_budget(name):
    settings = Settings.preset("small", **DATA)
    changed = ROWS[name].apply(settings)
    assert changed != settings
    assert changed.training.target_steps == settings.training.target_steps


def test_steps_of_a_distillation_that_is_left_out_go_to_adaptation():
    changed = ROWS["no_distillation"].apply(Settings.preset("small", **DATA))
    assert (changed.training.steps, changed.training.distillation_steps) == (800, 0)


def test_the_methods_run_as_the_settings_say():
    settings = Settings.preset("small", **DATA)
    assert [*METHODS] == [*methods.METHODS]
    for name, row in METHODS.items():
        assert row.apply(settings) == settings.change(method=name)
    assert [name for name, row in ROWS.items() if not row.has_shots] == ["source_only"]


def test_rows_follow_the_registry(monkeypatch):
    class Strange(Method):
        name = "strange"
        title = "Strange"
        variants = {"stranger": Variant("Stranger", {"gamma": 0.0}, "option")}

    assert len(ROWS) == len({*METHODS, *BEYOND, *ABLATIONS, *OPTIONS}) == 28
    monkeypatch.setitem(methods.METHODS, "strange", Strange())
    assert METHODS["strange"].title == "Strange"
    assert [*METHODS][-1] == "strange"
    assert "strange" not in OPTIONS
    changed = ROWS["stranger"].apply(Settings.preset("small", **DATA))
    assert (changed.method, changed.training.gamma) == ("strange", 0.0)
    Strange.variants = {"cut_mix": Variant("CutMix", {}, "option")}
    with pytest.raises(
        ValueError, match="strange has a variant 'cut_mix', which pixda"
    ):
        len(ROWS)
