"""Check the arguments that the data sets share."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_pixda.datasets.pair_cache import PairCache
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath, Size


def expect_records(**records: Any) -> None:
    """Raise a `TypeError` for the spelling of a data set in place of its record."""
    for name, record in records.items():
        if isinstance(record, (str, os.PathLike)):
            raise TypeError(
                f"{name} is {record!r}, expected a SegmentationRecord, such as "
                f"keras_pixda.datasets.load({str(record)!r})."
            )


def as_size(size: Any, name: str) -> Size:
    """`(height, width)` as two positive integers; raises if it is something else."""
    values = tuple(size) if isinstance(size, (tuple, list)) else ()
    if len(values) != 2 or not all(
        isinstance(value, (int, np.integer)) and value > 0 for value in values
    ):
        raise ValueError(
            f"{name} must be (height, width), two positive integers, received {size!r}"
        )
    return int(values[0]), int(values[1])


def as_batch_size(
    batch_size: Any, record: SegmentationRecord, full_batches: bool
) -> int:
    """The batch size, an integer; raises if it does not fit the record."""
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ValueError(
            f"batch_size must be a positive integer, received {batch_size!r}"
        )
    if not len(record):
        raise ValueError(f"{record.name} holds no pairs")
    if full_batches and batch_size > len(record):
        raise ValueError(
            f"batch_size {batch_size} is larger than {record.name}, "
            f"{len(record)} pairs: there would be no batch"
        )
    return int(batch_size)


def as_cache(cache: FilePath | PairCache | None) -> PairCache | None:
    """The `PairCache` that is meant, or `None`."""
    if cache is None or isinstance(cache, PairCache):
        return cache
    return PairCache(cache)


def as_augmentation(
    augmentation: Callable | dict[str, Callable | None] | None,
) -> dict[str, Callable | None]:
    """A dict from each domain to its augmentation or `None`."""
    domains = ("source", "target")
    if not isinstance(augmentation, dict):
        return dict.fromkeys(domains, augmentation)
    if unknown := sorted(map(str, augmentation.keys() - {*domains})):
        raise ValueError(f"augmentation is of {unknown}, expected some of {[*domains]}")
    return {domain: augmentation.get(domain) for domain in domains}
