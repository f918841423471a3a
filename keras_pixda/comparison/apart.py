"""Titles beside each other that do not overlap."""

from collections.abc import Sequence


def apart(
    wanted: Sequence[float], gap: float, top: float, bottom: float
) -> list[float]:
    """The places nearest to the wanted ones that leave a gap between each two.

    Example:

    ```python
    from keras_pixda.comparison.apart import apart

    assert apart([30, 31, 80], gap=10, top=0, bottom=100) == [25.5, 35.5, 80.0]
    ```

    Args:
        wanted: Heights.
        gap: Least distance between two of them.
        top: The smallest height allowed.
        bottom: The largest; more places than fit below it go beyond.
    """
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    # Without the gaps, the nearest rising sequence: means of blocks that collide.
    blocks = []
    for rank, index in enumerate(order):
        blocks.append([wanted[index] - rank * gap])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    rising = [_mean(block) for block in blocks for _ in block]
    highest = max(top, bottom - (len(wanted) - 1) * gap)
    places = [0.0] * len(wanted)
    for rank, index in enumerate(order):
        places[index] = min(max(rising[rank], top), highest) + rank * gap
    return places


def _mean(values):
    return sum(values) / len(values)
