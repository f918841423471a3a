"""A hint at the known name that a mistyped one is close to."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one.

    Example:

    ```python
    from keras_pixda.did_you_mean import did_you_mean

    assert did_you_mean("smal", ["small", "large"]) == ", did you mean 'small'?"
    assert did_you_mean("xyz", ["small", "large"]) == "."
    ```

    Args:
        name: What was typed.
        known: The names that there are.

    Returns:
        `", did you mean ...?"`, or a full stop if none is close.
    """
    close = difflib.get_close_matches(name, [*known], 1)
    return f", did you mean {close[0]!r}?" if close else "."
