"""Cityscapes: real street scenes from 50 cities."""

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
  leftImg8bit/{split}/CITY/CITY_000000_000019_leftImg8bit.png
  gtFine/{split}/CITY/CITY_000000_000019_gtFine_labelIds.png"""


def cityscapes(
    root: FilePath,
    split: str = "train",
    masks: str | None = None,
    labelled: bool = True,
) -> SegmentationRecord:
    """The record of one split of Cityscapes, in the layout it is published in.

    The city of a pair, for K shots, is its folder.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import cityscapes

    with tempfile.TemporaryDirectory() as root:
        for folder, ending in (
            ("leftImg8bit", "leftImg8bit.png"),
            ("gtFine", "gtFine_labelIds.png"),
        ):
            path = pathlib.Path(root, folder, "val/ulm", f"ulm_000000_000019_{ending}")
            path.parent.mkdir(parents=True)
            path.touch()
        record = cityscapes(root, split="val")
    assert record.cities == ("ulm",)
    ```

    Args:
        root: Folder that holds `leftImg8bit` and `gtFine`.
        split: `"train"`, `"val"` or `"test"`. Defaults to `"train"`.
        masks: `"ids"`, the label files of the release; or `"train_ids"`, masks of the
            positions of the classes: `*_labelTrainIds.png`, which converters leave
            beside them, or masks without this ending. Defaults to `None`: train ids
            where only `*_labelTrainIds.png` are there.
        labelled: Whether to look for the masks; without, the record is of the pictures
            alone. Defaults to `True`.

    Raises:
        DataError: If images and labels do not pair up.
        FileNotFoundError: If a folder is missing.
        ValueError: If `masks` is unknown.

    Reference:
        Cordts et al., The Cityscapes Dataset, CVPR 2016.
    """
    name = f"cityscapes {split}"
    layout = LAYOUT.format(split=split)
    folders = (f"leftImg8bit/{split}", f"gtFine/{split}")
    images, labels = find_images_and_masks(root, folders, layout, labelled)
    images = images.ending("_leftImg8bit")
    labels, train_ids = mask_files(labels, masks, name, ids="_gtFine_labelIds")
    keys, pairs = pair_files(images, labels, name, layout)
    return SegmentationRecord(
        name=name,
        pairs=pairs,
        classes=CITYSCAPES_CLASSES,
        palette=CITYSCAPES_PALETTE,
        id_map=train_id_map(CITYSCAPES_CLASSES) if train_ids else CITYSCAPES_ID_MAP,
        cities=tuple(key.split("/")[0] for key in keys),
        every_class=False,
        labelled=labelled,
    )
