"""Runs of frames in the place of cities."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from keras_pixda.datasets.frame_order import frame_order

if TYPE_CHECKING:
    from keras_pixda.datasets.segmentation_record import SegmentationRecord


def cut_into_cities(record: SegmentationRecord, cities: int) -> SegmentationRecord:
    """The same pairs in so many cities: runs of frames, of equal length or nearly.

    For data sets that have no cities, or few: K shots are then K images of each run,
    spread over all sequences.

    Example:

    ```python
    from keras_pixda.datasets import SegmentationRecord, cut_into_cities

    record = SegmentationRecord(
        name="drive",
        pairs=tuple((f"{frame}.jpg", f"{frame}.png") for frame in range(4)),
        classes=("road",),
        palette=((128, 64, 128),),
        id_map={0: 0},
        cities=("drive",) * 4,
    )
    assert cut_into_cities(record, 2).cities == (
        "run 1 of 2", "run 1 of 2", "run 2 of 2", "run 2 of 2"
    )
    ```

    Args:
        record: The `SegmentationRecord`.
        cities: Number of runs; of pairs in order of sequence and frame.

    Raises:
        ValueError: If there are fewer pairs than that.
    """
    if not 1 <= cities <= len(record):
        raise ValueError(
            f"{record.name}: cities is {cities}, expected 1 to {len(record)}, the "
            "number of its pairs."
        )
    names = list(record.cities)
    width = len(str(cities))
    for place, position in enumerate(frame_order(record)):
        number = place * cities // len(names) + 1
        names[position] = f"run {number:0{width}} of {cities}"
    return dataclasses.replace(record, cities=tuple(names))
