import pytest

from keras_pixda.methods import METHODS
from keras_pixda.runs.route_settings import places_of, route_settings


def test_places():
    assert places_of("shots") == ["data"]
    assert places_of("learning_rate") == ["training"]
    styled = ["fda", "pixda", "self_training", "pixda+"]
    assert places_of("style_window") == styled
    assert places_of("stile_window") == []


def test_a_method_has_a_name_of_its_own(monkeypatch):
    monkeypatch.setitem(METHODS, "training", METHODS["fda"])
    with pytest.raises(ValueError, match="called 'training', expected another name"):
        route_settings({})


def test_whole_branches_are_taken_apart():
    assert route_settings({}) == {}
    routed = route_settings(
        {"shots": 3, "pixda": {"growth": 1}, "pixda.threshold": 2, "data": {"seed": 1}}
        | {"data": {"batch_size": 1}}
    )
    assert routed == {
        "data": {"shots": 3, "batch_size": 1},
        "pixda": {"growth": 1, "threshold": 2},
    }


@pytest.mark.parametrize("key", ["", ".", "a.b.c", "pixda.", ".shots", "pixda.a.b"])
def test_a_strange_name_is_unknown(key):
    with pytest.raises(ValueError, match="unknown setting"):
        route_settings({key: 1})
