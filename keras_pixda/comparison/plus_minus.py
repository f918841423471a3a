"""The spread behind a mean."""

import math


def plus_minus(spread: float, form: str = " ± {:.1f}") -> str:
    """Text for a spread over seeds, none where a single seed has no spread.

    Example:

    ```python
    from keras_pixda.comparison.plus_minus import plus_minus

    assert "23.0" + plus_minus(2.0) == "23.0 ± 2.0"
    assert "23.0" + plus_minus(float("nan")) == "23.0"
    ```

    Args:
        spread: The spread, NaN for none.
        form: How to write it. Defaults to `" ± {:.1f}"`.
    """
    return "" if math.isnan(spread) else form.format(spread)
