"""Walk a whole data set and list everything that would stop a training."""

from collections.abc import Callable

from keras_pixda.datasets.data_check import DataCheck
from keras_pixda.datasets.data_error import Finding
from keras_pixda.datasets.segmentation_record import SegmentationRecord


def check(
    record: SegmentationRecord,
    progress: Callable[[int, int], object] | None = None,
    workers: int = 2,
) -> list[Finding]:
    """Everything in a record that would stop a training, a list of findings.

    Finds unreadable and cut-off files, images and masks that differ in size, ids that
    the record does not know and masks without a labelled pixel; then, in all masks
    together, classes without a pixel and ids that look like another convention, whose
    `file` is the name of the record. It never stops at the first. Images without a mask
    are found earlier, when the record is made: that `DataError` holds them as
    `findings`, too. `DataCheck` also has the shares of the classes.

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
    checked = DataCheck(record, progress, workers)
    return [*checked.findings, *checked.notes]


def usable_pairs(
    record: SegmentationRecord,
    progress: Callable[[int, int], object] | None = None,
    workers: int = 2,
) -> tuple[SegmentationRecord, list[Finding]]:
    """The record without the pairs that have a fault, and the faults.

    What is true of the whole alone, as that a class has no pixel, leaves out no pair.

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
    found = DataCheck(record, progress, workers).by_pair
    usable = [index for index, findings in enumerate(found) if not findings]
    return record.select(usable), [f for findings in found for f in findings]
