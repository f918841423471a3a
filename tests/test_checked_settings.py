import dataclasses
import pickle

import pytest

from keras_pixda.checked_settings import CheckedSettings
from keras_pixda.setting import setting
from keras_pixda.setting_error import SettingError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Every(CheckedSettings):
    """One of every kind."""

    text: str = "a"
    text_or_none: str | None = None
    count: int = setting(3, at_least=1, at_most=5)
    rate: float = setting(0.5, above=0, below=1)
    rate_or_none: float | None = setting(None, above=0)
    switch: bool = True
    size: tuple[int, int] = (1, 2)
    choice: str = setting("a", one_of=("a", "b"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": 1}, "text is 1, expected text."),
        ({"text": None}, "text is None, expected text."),
        ({"text_or_none": 1}, "text_or_none is 1, expected text or null."),
        ({"count": 0}, "count is 0, expected at least 1."),
        ({"count": 6}, "count is 6, expected at most 5."),
        ({"count": 1.0}, "count is 1.0, expected a whole number."),
        ({"count": True}, "count is True, expected a whole number."),
        ({"rate": 0}, "rate is 0, expected above 0."),
        ({"rate": 1}, "rate is 1, expected below 1."),
        ({"rate": float("nan")}, "rate is nan, expected a number."),
        ({"rate": float("inf")}, "rate is inf, expected a number."),
        ({"rate": 10**999}, None),
        ({"rate_or_none": 0}, "rate_or_none is 0, expected above 0."),
        ({"switch": 1}, "switch is 1, expected true or false."),
        ({"size": (1,)}, "size is (1,), expected two whole numbers."),
        ({"size": (1, 2.0)}, "size is (1, 2.0), expected two whole numbers."),
        ({"choice": "c"}, "choice is 'c', expected one of ('a', 'b')."),
    ],
)
def test_wrong_values_are_refused_by_name(changes, message):
    with pytest.raises(SettingError) as caught:
        Every(**changes)
    assert caught.value.name == next(iter(changes))
    if message:
        assert str(caught.value) == message
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.name) == (str(caught.value), caught.value.name)


def test_right_values_are_kept():
    settings = Every(rate=1e-9, rate_or_none=2, size=[3, 4], choice="b", count=5)
    assert settings.size == (3, 4)  # As JSON has it.
    assert (settings.rate_or_none, settings.choice, settings.count) == (2, "b", 5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.count = 4


def test_a_type_that_cannot_be_checked_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Wrong(CheckedSettings):
        numbers: list = dataclasses.field(default_factory=list)

    with pytest.raises(TypeError, match="A setting is of type .*list.*expected one of"):
        Wrong()
