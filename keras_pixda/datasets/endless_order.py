"""An endless order in which all of a few things come equally often."""

import numpy as np


def endless_order(
    count: int, start: int, length: int, seed: int, stream: int
) -> np.ndarray:
    """A stretch of an endless row of permutations of `count` things.

    Example:
    ```python
    from keras_pixda.datasets.endless_order import endless_order

    row = endless_order(3, start=0, length=6, seed=0, stream=1)
    assert sorted(row[:3]) == sorted(row[3:]) == [0, 1, 2]
    later = endless_order(3, start=2, length=4, seed=0, stream=1)
    assert (later == row[2:]).all()
    ```

    Args:
        count: How many things there are.
        start: Where in the row the stretch begins.
        length: How long it is.
        seed: Of the permutations.
        stream: Number that makes rows of one seed differ.

    Returns:
        `int64` array `(length,)` of positions in `0..count - 1`.
    """
    rounds = range(start // count, (start + length - 1) // count + 1)
    row = [np.random.default_rng([seed, r, stream]).permutation(count) for r in rounds]
    return np.concatenate(row)[start % count :][:length]
