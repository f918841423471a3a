"""Whether the numbers of a model are finite."""

from collections.abc import Iterable

import keras
import numpy as np


def first_not_finite(
    variables: Iterable[keras.Variable], values: Iterable[np.ndarray] | None = None
) -> str | None:
    """The path of the first variable that holds NaN or infinity, or `None`.

    `values` are their arrays, where these are at hand already.
    """
    if values is None:
        values = map(keras.ops.convert_to_numpy, variables)
    for variable, value in zip(variables, values, strict=True):
        # Whole numbers, which NumPy need not know, are always finite.
        if value.dtype.kind not in "iub" and not np.isfinite(value).all():
            return variable.path
    return None
