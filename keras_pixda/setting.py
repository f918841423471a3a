"""One setting of a `CheckedSettings`."""

import dataclasses


def setting(
    default: object = dataclasses.MISSING,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    one_of: tuple | None = None,
) -> object:
    """A field of a `CheckedSettings` with the range of its values.

    Example:

    ```python
    import dataclasses
    from keras_pixda.checked_settings import CheckedSettings
    from keras_pixda.setting import setting

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class MySettings(CheckedSettings):
        weight: float = setting(0.1, at_least=0)

    assert MySettings().weight == 0.1
    ```

    Args:
        default: The value where none is given. Defaults to none, one must be given.
        at_least: The smallest value. Defaults to `None`, none.
        above: What values are larger than. Defaults to `None`, nothing.
        at_most: The largest value. Defaults to `None`, none.
        below: What values are smaller than. Defaults to `None`, nothing.
        one_of: All values that are allowed. Defaults to `None`, not so few.
    """
    bounds = {
        "at least": at_least,
        "above": above,
        "at most": at_most,
        "below": below,
        "one of": one_of,
    }
    bounds = {name: bound for name, bound in bounds.items() if bound is not None}
    return dataclasses.field(default=default, metadata={"bounds": bounds})
