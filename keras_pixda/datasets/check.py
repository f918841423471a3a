"""Walk a whole data set and list everything that would stop a training."""

from concurrent.futures import ThreadPoolExecutor

from keras_pixda.datasets.data_error import DataError
from keras_pixda.datasets.reader import read_image, read_mask, read_pair


def check(record, progress=None, workers=2):
    """Read every pair of a record and return a list of findings.

    Finds unreadable and cut-off files, images and masks that differ in size, ids that
    the record does not know and masks without a labelled pixel. It never stops at
    the first. Images without a mask are found earlier, when the record is made: that
    `DataError` holds them as `findings` too.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import check, folder

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24), 9).save(f"{root}/{kind}/a.png")
        findings = check(folder(f"{root}/images", f"{root}/masks", ("road",)))
    assert "9 (768 pixels)" in findings[0].problem
    ```

    Args:
        record: the `SegmentationRecord` to walk.
        progress: called as `progress(done, total)` after each pair. Defaults to
            `None`.
        workers: number of threads that read. Defaults to `2`.

    Returns:
        A list of `Finding(file, problem, remedy)`, in the order of the pairs.
    """
    findings = []
    with ThreadPoolExecutor(workers) as pool:
        indices = range(len(record))
        for index, found in enumerate(pool.map(lambda i: _check(record, i), indices)):
            findings += found
            if progress:
                progress(index + 1, len(record))
    return findings


def _check(record, index):
    try:
        read_pair(record, index)
    except DataError as error:
        return _both_files(record, index) or error.findings
    return ()


def _both_files(record, index):
    """Return the faults of image and mask each by itself, where reading stopped."""
    image_path, mask_path = record.pairs[index]
    found = []
    for read in (lambda: read_image(image_path), lambda: read_mask(mask_path, record)):
        try:
            read()
        except DataError as error:
            found += error.findings
    return found
