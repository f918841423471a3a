"""Check the arguments that the data sets share."""

import numpy as np

from keras_pixda.datasets.pair_cache import PairCache


def as_size(size, name):
    """Return `(height, width)` as two positive integers, or say what is wrong."""
    values = tuple(size) if isinstance(size, (tuple, list)) else ()
    if len(values) != 2 or not all(
        isinstance(value, (int, np.integer)) and value > 0 for value in values
    ):
        raise ValueError(
            f"{name} must be (height, width), two positive integers, got {size!r}"
        )
    return int(values[0]), int(values[1])


def as_batch_size(batch_size, record, full_batches):
    """Return the batch size, or say what is wrong with it."""
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ValueError(f"batch_size must be a positive integer, got {batch_size!r}")
    if not len(record):
        raise ValueError(f"{record.name} holds no pairs")
    if full_batches and batch_size > len(record):
        raise ValueError(
            f"batch_size {batch_size} is larger than {record.name}, "
            f"{len(record)} pairs: there would be no batch"
        )
    return int(batch_size)


def as_cache(cache):
    """Return the `PairCache` that is meant, or `None`."""
    if cache is None or isinstance(cache, PairCache):
        return cache
    return PairCache(cache)


def as_augmentation(augmentation):
    """Return a dict from each domain to its augmentation or `None`."""
    domains = ("source", "target")
    if not isinstance(augmentation, dict):
        return dict.fromkeys(domains, augmentation)
    if unknown := sorted(map(str, augmentation.keys() - {*domains})):
        raise ValueError(f"augmentation is of {unknown}, expected some of {[*domains]}")
    return {domain: augmentation.get(domain) for domain in domains}
