"""What every method can set of its own."""

import dataclasses

from keras_pixda.checked_settings import CheckedSettings
from keras_pixda.setting import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class MethodSettings(CheckedSettings):
    """Settings of a method; those that have more extend it.

    A name that several methods have means the same in all of them: given without the
    name of a method, it is set in each.

    Example:

    ```python
    import dataclasses
    from keras_pixda.methods import MethodSettings
    from keras_pixda.setting import setting

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class MySettings(MethodSettings):
        weight: float = setting(0.5, at_least=0)

    assert MySettings().learning_rate is None
    ```

    Args:
        learning_rate: Of the segmenter in this method. Defaults to `None`, the common
            one.
    """

    learning_rate: float | None = setting(None, above=0)
