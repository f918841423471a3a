"""A hint at the known names that a mistyped one is close to."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known ones.

    Those are all that begin with it, five at most, or the one that is spelled most like
    it; upper and lower case are the same.

    Example:

    ```python
    from keras_pixda.did_you_mean import did_you_mean

    assert did_you_mean("smal", ["small", "large"]) == ", did you mean 'small'?"
    assert did_you_mean("NET", ["net1", "net2"]) == ", did you mean 'net1' or 'net2'?"
    assert did_you_mean("xyz", ["small", "large"]) == "."
    ```

    Args:
        name: What was typed.
        known: The names that there are.

    Returns:
        `", did you mean ...?"`, or a full stop if none is close.
    """
    lower = {other.lower(): other for other in known}
    name = name.lower()
    near = [other for other in lower if len(name) > 2 and other.startswith(name)][:5]
    near = near or difflib.get_close_matches(name, lower, 1)
    names = " or ".join(repr(lower[other]) for other in near)
    return f", did you mean {names}?" if near else "."
