"""Unlabelled pictures without those that are labelled as well."""

import sys

from keras_pixda.datasets.same_pictures import same_pictures
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.wrapped import wrapped


def without_shots(
    record: SegmentationRecord, shots: SegmentationRecord
) -> SegmentationRecord:
    """The pictures of a record that are no shots; says how many were.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import images
    from keras_pixda.datasets.without_shots import without_shots

    with tempfile.TemporaryDirectory() as root:
        for name in "abc":
            pathlib.Path(root, f"{name}.png").write_text(name)
        record = images(root)
        assert len(without_shots(record, record.select([1]))) == 2
    ```

    Args:
        record: `SegmentationRecord` of the unlabelled pictures; masks are not read.
        shots: Of the labelled ones.

    Raises:
        ValueError: If none is left.
    """
    if not len(record):
        raise ValueError(f"{record.name} holds no unlabelled pictures, expected some")
    record = record.pictures()
    same = {*same_pictures(record, shots)}
    if len(same) == len(record):
        raise ValueError(
            f"all {len(record)} unlabelled pictures of {record.name} are labelled "
            "target images as well (shots), expected others"
        )
    if same:
        text = (
            f"{len(same)} of the {len(record)} unlabelled pictures of {record.name} "
            f"are labelled target images as well (shots): not taken as unlabelled, "
            f"{len(record) - len(same)} are left"
        )
        print(wrapped(text), file=sys.stderr, flush=True)
        record = record.select([i for i in range(len(record)) if i not in same])
    return record
