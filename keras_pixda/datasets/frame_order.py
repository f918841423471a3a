"""The order in which the pairs of a record were taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_pixda.datasets.segmentation_record import SegmentationRecord


def frame_order(record: SegmentationRecord) -> list[int]:
    """Positions in order of sequence (city) and frame; numbers count as numbers.

    Example:

    ```python
    from keras_pixda.datasets import SegmentationRecord
    from keras_pixda.datasets.frame_order import frame_order

    record = SegmentationRecord(
        name="drive",
        pairs=(("10.jpg", "10.png"), ("9.jpg", "9.png")),
        classes=("road",),
        palette=((128, 64, 128),),
        id_map={0: 0},
        cities=("a", "a"),
    )
    assert frame_order(record) == [1, 0]
    ```

    Args:
        record: The `SegmentationRecord`.
    """

    def key(position):
        image, _ = record.pairs[position]
        return _natural(record.cities[position]), _natural(image)

    return sorted(range(len(record)), key=key)


def _natural(text):
    """Text with its numbers as numbers, for comparison."""
    parts = re.split(r"([0-9]+)", text)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]
