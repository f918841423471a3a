"""GTA5, "Playing for Data": 24 966 rendered street scenes."""

from collections.abc import Sequence

from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_ID_MAP,
    CITYSCAPES_PALETTE,
)
from keras_pixda.datasets.files import find_images_and_masks, pair_files
from keras_pixda.datasets.mask_files import mask_files, train_id_map
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath

LAYOUT = """\
ROOT/
  images/00001.png
  labels/00001.png"""


def gta5(
    root: FilePath,
    leave_out: Sequence[str] = ("15188", "17705"),
    masks: str | None = None,
    labelled: bool = True,
) -> SegmentationRecord:
    """The record of GTA5, in the layout it is published in.

    The labels are palette PNGs that hold Cityscapes label ids.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import gta5

    with tempfile.TemporaryDirectory() as root:
        for name in ("images/00001.png", "labels/00001.png"):
            path = pathlib.Path(root, name)
            path.parent.mkdir()
            path.touch()
        record = gta5(root)
    assert len(record) == 1
    assert record.classes[0] == "road"
    ```

    Args:
        root: Folder that holds `images` and `labels`.
        leave_out: Names without suffix of pairs not to use. Defaults to two pairs
            that users of the release report as invalid; `()` uses all.
        masks: `"ids"`, the label files of the release; or `"train_ids"`, masks of the
            positions of the classes: `*_labelTrainIds.png`, which converters leave
            beside them, or masks without this ending. Defaults to `None`: train ids
            where only `*_labelTrainIds.png` are there.
        labelled: Whether to look for the masks; without, the record is of the pictures
            alone. Defaults to `True`.

    Raises:
        DataError: If images and labels do not pair up.
        FileNotFoundError: If a folder is missing.
        ValueError: If `leave_out` holds no names or `masks` is unknown.

    Reference:
        Richter et al., Playing for Data, ECCV 2016.
    """
    if isinstance(leave_out, str) or any(not isinstance(n, str) for n in leave_out):
        raise ValueError(
            "gta5: leave_out must be a list of names such as '15188', "
            f"received {leave_out!r}"
        )
    folders = ("images", "labels")
    images, labels = find_images_and_masks(root, folders, LAYOUT, labelled)
    labels, train_ids = mask_files(labels, masks, "gta5")

    def used(key):
        return None if key in leave_out else key

    images = images.choose(used)
    labels = None if labels is None else labels.choose(used)
    keys, pairs = pair_files(images, labels, "gta5", LAYOUT)
    return SegmentationRecord(
        name="gta5",
        pairs=pairs,
        classes=CITYSCAPES_CLASSES,
        palette=CITYSCAPES_PALETTE,
        id_map=train_id_map(CITYSCAPES_CLASSES) if train_ids else CITYSCAPES_ID_MAP,
        cities=("gta5",) * len(keys),
        every_class=False,
        labelled=labelled,
    )
