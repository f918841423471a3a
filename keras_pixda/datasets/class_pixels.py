"""Count the pixels of every class in every mask."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from keras_pixda.datasets.count_pixels import count_pixels
from keras_pixda.datasets.data_error import DataError
from keras_pixda.datasets.kept_counts import KeptCounts
from keras_pixda.datasets.pair_cache import PairCache
from keras_pixda.datasets.reader import read_labels
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.progress import Progress
from keras_pixda.typing import Size


def class_pixels(
    record: SegmentationRecord,
    size: Size | None = None,
    cache: PairCache | None = None,
    workers: int = 2,
    verbose: bool = True,
    skip: bool = False,
) -> np.ndarray:
    """How many pixels of each class each pair of a record has.

    Every mask is read once, and not again in later runs, see
    `keras_pixda.datasets.kept_counts.KeptCounts`. With a cache whole pairs are read,
    and are there already when the training begins.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import class_pixels, folder

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road", "other"))
        pixels = class_pixels(record, verbose=False)
    assert pixels.tolist() == [[768, 0]]
    ```

    Args:
        record: the `SegmentationRecord`.
        size: `(height, width)` to count at. Defaults to `None`, as it is.
        cache: `PairCache` to read through. Defaults to `None`.
        workers: number of threads that read. Defaults to `2`.
        verbose: whether to show progress. Defaults to `True`.
        skip: whether a pair that cannot be read has no pixels, in place of an error;
            what is counted then is not kept. Defaults to `False`.

    Returns:
        `int64` array `(pairs, classes)`; ignored pixels do not count.

    Raises:
        DataError: if a file cannot be used.
        ValueError: if the record has no masks.
    """
    bad = []

    def count(index):
        try:
            if cache:
                _, labels = cache.read(record, index, size, size)
            else:
                labels = read_labels(record, index, size)
        except DataError:
            if not skip:
                raise
            bad.append(index)
            return 0
        return count_pixels(labels)[: len(record.classes)]

    record.require_masks()
    kept = KeptCounts(record, size)
    pixels, missing = kept.pixels, kept.missing.tolist()
    progress = Progress("class pixels", len(missing), verbose)
    with ThreadPoolExecutor(workers) as pool:
        for done, counts in enumerate(pool.map(count, missing)):
            pixels[missing[done]] = counts
            progress(done + 1)
    if missing and not bad:
        kept.write(pixels)
    return pixels
