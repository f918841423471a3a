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
    found = _walk(record, progress, workers)
    return [finding for findings in found for finding in findings]


def usable_pairs(record, progress=None, workers=2):
    """Return the record without the pairs that `check` finds fault with, and these.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import folder
    from keras_pixda.datasets.check import usable_pairs

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
            pathlib.Path(root, kind, "b.png").touch()
        record = folder(f"{root}/images", f"{root}/masks", ("road",))
        record, findings = usable_pairs(record)
    assert len(record) == 1
    assert len(findings) == 2
    ```

    Args:
        record: the `SegmentationRecord` to walk.
        progress: as for `check`. Defaults to `None`.
        workers: as for `check`. Defaults to `2`.

    Returns:
        A `SegmentationRecord`, which may be empty, and a list of `Finding`.
    """
    found = _walk(record, progress, workers)
    usable = [index for index, findings in enumerate(found) if not findings]
    return record.select(usable), [f for findings in found for f in findings]


def _walk(record, progress, workers):
    """Return the findings of every pair."""
    found = []
    with ThreadPoolExecutor(workers) as pool:
        indices = range(len(record))
        for findings in pool.map(lambda i: _check(record, i), indices):
            found.append(findings)
            if progress:
                progress(len(found), len(record))
    return found


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
