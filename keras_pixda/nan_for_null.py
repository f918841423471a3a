"""Numbers of a JSON file, which cannot hold NaN."""

import math
from typing import Any


def nan_for_null(value: Any) -> Any:
    """The values of a JSON file that holds numbers, with NaN where it has `null`.

    Example:

    ```python
    import math
    from keras_pixda.nan_for_null import nan_for_null

    values = nan_for_null({"road": 0.5, "bus": None})
    assert values["road"] == 0.5
    assert math.isnan(values["bus"])
    ```

    Args:
        value: What `json.loads` returned.
    """
    if isinstance(value, dict):
        return {name: nan_for_null(part) for name, part in value.items()}
    if isinstance(value, list):
        return [nan_for_null(part) for part in value]
    return math.nan if value is None else value
