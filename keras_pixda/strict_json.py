"""JSON that any reader takes: without NaN and infinities, which it cannot hold."""

import json
import math
from collections.abc import Callable
from typing import Any


def strict_json(
    value: Any, other: Callable[[float], Any] = lambda number: None, **options: Any
) -> str:
    """JSON text of a value; a number that is not finite becomes `null`.

    Example:

    ```python
    from keras_pixda.strict_json import strict_json

    text = strict_json({"road": 0.5, "bus": float("nan")})
    assert text == '{"road": 0.5, "bus": null}'
    ```

    Args:
        value: Dicts, lists, texts, numbers and `None`.
        other: What stands for a number that is not finite, a function of it. Defaults
            to `None` for all.
        **options: As in `json.dumps`.
    """

    def finite(value):
        if isinstance(value, dict):
            return {name: finite(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [finite(part) for part in value]
        if isinstance(value, float) and not math.isfinite(value):
            return other(value)
        return value

    return json.dumps(finite(value), allow_nan=False, **options)
