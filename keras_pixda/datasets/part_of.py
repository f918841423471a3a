"""A part of a data set to choose settings on, and the rest to report on."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING

from keras_pixda.datasets.data_spelling import PARTS
from keras_pixda.datasets.frame_order import frame_order

if TYPE_CHECKING:
    from keras_pixda.datasets.segmentation_record import SegmentationRecord


def part_of(record: SegmentationRecord, part: str) -> SegmentationRecord:
    """One of two parts of a record that share no frame and no neighbouring frames.

    The first quarter of the frames of each city (a sequence, where the data set has
    these) is for tuning, but for its last fifth, which neighbours the rest and is in
    neither part. The other three quarters are the rest.

    Example:

    ```python
    from keras_pixda.datasets import SegmentationRecord, part_of

    record = SegmentationRecord(
        name="drive",
        pairs=tuple((f"{frame}.jpg", f"{frame}.png") for frame in range(40)),
        classes=("road",),
        palette=((128, 64, 128),),
        id_map={0: 0},
        cities=("drive",) * 40,
    )
    assert part_of(record, "tuning").pairs == record.pairs[:8]
    assert part_of(record, "rest").pairs == record.pairs[10:]
    ```

    Args:
        record: The `SegmentationRecord`.
        part: `"tuning"` or `"rest"`.

    Raises:
        ValueError: If there is no such part, or no city has the four pairs that are
            needed to divide it.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}, expected one of {[*PARTS]}.")
    members = collections.defaultdict(list)
    for position in frame_order(record):
        members[record.cities[position]].append(position)
    chosen = []
    for positions in members.values():
        quarter = len(positions) // 4
        apart = (quarter + 3) // 5
        tuning, rest = positions[: quarter - apart], positions[quarter:]
        chosen += tuning if part == "tuning" else rest
    if not chosen:
        raise ValueError(
            f"{record.name}: no city has four pairs, so there is no {part} part: leave "
            f"?part={part} out."
        )
    name = f"{record.name}, {part} part"
    return dataclasses.replace(record.select(sorted(chosen)), name=name)
