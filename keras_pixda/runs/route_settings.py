"""Which branch of the settings a name belongs to."""

import dataclasses
import reprlib

from keras_pixda.checked_settings import CheckedSettings
from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.methods.registry import METHODS
from keras_pixda.runs.data_settings import DataSettings
from keras_pixda.runs.network_settings import NetworkSettings
from keras_pixda.runs.training_settings import TrainingSettings
from keras_pixda.setting_error import SettingError

COMMON = {
    "data": DataSettings,
    "network": NetworkSettings,
    "training": TrainingSettings,
}


def route_settings(values: dict) -> dict[str, dict]:
    """Settings by branch, as `{"data": {"shots": 3}, "pixda": {...}}`.

    A plain name goes to the common branch that has it, or else to every method that
    has it. `"fda.style_window"`, and a name within `"fda": {...}`, goes to one branch,
    and counts more than the plain name.

    Example:

    ```python
    from keras_pixda.runs.route_settings import route_settings

    routed = route_settings({"style_window": 0.02, "pixda": {"style_window": 0.01}})
    assert routed["pixda"] == {"style_window": 0.01}
    assert routed["fda"] == {"style_window": 0.02}
    ```

    Args:
        values: Values by name; whole branches may be dicts or records of settings.

    Raises:
        SettingError: If a name is unknown or given twice.
    """
    every_branch = branches()
    plain, own = {}, {}
    for key, value in values.items():
        branch, dot, name = key.partition(".")
        if key in every_branch:
            for name, inner in _inner(key, value).items():
                _add(own, f"{key}.{name}", inner)
        elif dot and branch in every_branch:
            _add(own, key, value)
        else:
            plain[key] = value
    routed = {}
    for key, value in plain.items():
        places = places_of(key)
        if not places:
            raise _unknown(key)
        if len(places) == 1 and f"{places[0]}.{key}" in own:
            raise SettingError(f"{key} stands here again as {places[0]}.{key}.", key)
        for branch in places:
            routed.setdefault(branch, {})[key] = value
    for key, value in own.items():
        branch, _, name = key.partition(".")
        if name not in names_of(every_branch[branch]):
            raise _unknown(key)
        routed.setdefault(branch, {})[name] = value
    return routed


def branches() -> dict[str, type]:
    """The class of settings of every branch, of the methods as registered now."""
    methods = {name: method.Settings for name, method in METHODS.items()}
    taken = methods.keys() & {*COMMON, "method", "preset"}
    if taken:
        raise ValueError(f"a method is called {min(taken)!r}, expected another name.")
    return {**COMMON, **methods}


def names_of(kind: type) -> list[str]:
    """Names of the settings of a class."""
    return [field.name for field in dataclasses.fields(kind)]


def places_of(name: str) -> list[str]:
    """The branches that a plain name goes to, none if it is unknown."""
    places = [branch for branch, kind in branches().items() if name in names_of(kind)]
    common = [branch for branch in places if branch in COMMON]
    return common or places


def _inner(branch, value):
    if isinstance(value, CheckedSettings):
        return vars(value)
    if not isinstance(value, dict):
        shown = reprlib.repr(value)
        raise SettingError(f"{branch} is {shown}, expected its settings.", branch)
    return value


def _add(own, key, value):
    if key in own:
        raise SettingError(f"{key} stands here again.", key)
    own[key] = value


def _unknown(key):
    known = []
    for branch, kind in branches().items():
        dotted = [f"{branch}.{name}" for name in names_of(kind)]
        known += [branch, *names_of(kind), *dotted]
    hint = did_you_mean(key, known)
    return SettingError(f"unknown setting {reprlib.repr(key)}{hint}", key)
