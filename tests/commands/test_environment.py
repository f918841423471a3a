from types import SimpleNamespace

import pytest

from keras_pixda.commands import environment
from keras_pixda.commands.environment import prepare_environment

ONEDNN, LOG = "TF_ENABLE_ONEDNN_OPTS", "TF_CPP_MIN_LOG_LEVEL"


@pytest.fixture
def variables(monkeypatch):
    """A process that has not loaded TensorFlow, with nothing set."""
    variables = {}
    monkeypatch.setattr(environment, "os", SimpleNamespace(environ=variables))
    monkeypatch.setattr(environment, "sys", SimpleNamespace(modules={}))
    return variables


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
def test_onednn_is_on_where_tensorflow_has_it(variables, monkeypatch, machine):
    monkeypatch.setattr(environment.platform, "machine", lambda: machine)
    prepare_environment()
    assert variables == {ONEDNN: "1", LOG: "2"}


def test_other_processors_are_left_alone(variables, monkeypatch):
    monkeypatch.setattr(environment.platform, "machine", lambda: "aarch64")
    prepare_environment(log=True)
    assert variables == {}


def test_what_the_user_has_set_stays(variables):
    variables |= {ONEDNN: "0", LOG: "0"}
    prepare_environment()
    assert variables == {ONEDNN: "0", LOG: "0"}


def test_nothing_is_set_too_late(variables, monkeypatch):
    monkeypatch.setattr(environment.sys, "modules", {"tensorflow": object()})
    prepare_environment()
    assert variables == {}
