"""Batches whose labels can be stacked."""

from collections.abc import Iterable, Sequence

from keras_pixda.typing import Size


def batches_of_one_size(
    order: Iterable[int],
    sizes: Sequence[Size | None],
    batch_size: int,
    drop_remainder: bool = False,
) -> list[list[int]]:
    """Cut an order into batches of labels of one size.

    Full batches come as they are filled; then what is left of each size, a smaller
    batch.

    Example:
    ```python
    from keras_pixda.datasets.batches_of_one_size import batches_of_one_size

    sizes = [(2, 3), (3, 2), (2, 3), (2, 3)]
    assert batches_of_one_size([0, 1, 2, 3], sizes, 2) == [[0, 2], [1], [3]]
    ```

    Args:
        order: Positions, each once.
        sizes: Size of the labels at each position.
        batch_size: Positions a batch.
        drop_remainder: Whether smaller batches are left out. Defaults to `False`.

    Returns:
        A list of lists of positions.
    """
    full, open_batches = [], {}
    for position in order:
        batch = open_batches.setdefault(sizes[position], [])
        batch.append(position)
        if len(batch) == batch_size:
            full.append(open_batches.pop(sizes[position]))
    # What is left lies there in the order in which it was begun.
    return full if drop_remainder else full + [*open_batches.values()]
