"""Settings that refuse wrong values."""

import dataclasses
import operator
import reprlib
import sys
from typing import Any, ClassVar

import numpy as np

from keras_pixda.setting_error import SettingError

_HOLDS = {
    "at least": operator.ge,
    "above": operator.gt,
    "at most": operator.le,
    "below": operator.lt,
    "one of": lambda value, allowed: value in allowed,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckedSettings:
    """A record of settings whose types and ranges are checked when it is made.

    A subclass is a frozen dataclass. Its fields are of type `str`, `int`, `float`,
    `bool` or `tuple[int, int]`, or one of them `| None`; `setting(...)` gives them a
    range, and the `Args:` of the docstring are what the command line says of them.

    Example:

    ```python
    import dataclasses
    from keras_pixda.checked_settings import CheckedSettings
    from keras_pixda.setting import setting

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class MySettings(CheckedSettings):
        filters: int = setting(64, at_least=1)
        presets = {"small": {"filters": 16}}

    try:
        MySettings(filters=0)
    except ValueError as error:
        message = str(error)
    assert message == "filters is 0, expected at least 1."
    ```

    Attributes:
        presets: Values that differ from the defaults, by the name of the preset.

    Raises:
        SettingError: If a value is of another type or out of range.
    """

    presets: ClassVar[dict[str, dict]] = {}

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                value = tuple(value)
                object.__setattr__(self, field.name, value)
            kind, optional = kind_of(field.type)
            if optional and value is None:
                continue
            fits = _is(value, kind)
            self.expect(field.name, fits, _CALLED[kind] + " or null" * optional)
            for name, bound in field.metadata.get("bounds", {}).items():
                self.expect(field.name, _HOLDS[name](value, bound), f"{name} {bound}")

    @classmethod
    def check(cls, **values: Any) -> None:
        """Raise a `SettingError` unless the settings of these names may be so.

        NumPy's numbers are numbers here.
        """
        cls(
            **{
                name: value.item() if isinstance(value, np.generic) else value
                for name, value in values.items()
            }
        )

    def expect(self, name: str, fits: bool, expected: str) -> None:
        """Raise a `SettingError` that says what was expected, unless the value fits."""
        if not fits:
            value = reprlib.repr(getattr(self, name))
            raise SettingError(f"{name} is {value}, expected {expected}.", name)


# What a value of each type is called.
_CALLED = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "two whole numbers",
}
_KINDS = {tuple[int, int]: tuple}


def kind_of(annotation: Any) -> tuple:
    """The plain type of an annotated field, and whether it may be `None`."""
    for kind in (*_CALLED, *_KINDS):
        if annotation in (kind, kind | None):
            return _KINDS.get(kind, kind), annotation != kind
    raise TypeError(f"A setting is of type {annotation}, expected one of {[*_CALLED]}.")


def _is(value, kind):
    """Whether a value is of a kind; `True` is no number."""
    if kind in (str, bool):
        return isinstance(value, kind)
    if kind is tuple:
        return (
            isinstance(value, tuple)
            and len(value) == 2
            and all(_is(side, int) for side in value)
        )
    numbers = int if kind is int else (int, float)
    return (
        isinstance(value, numbers)
        and not isinstance(value, bool)
        # No float is larger.
        and abs(value) <= sys.float_info.max
    )
