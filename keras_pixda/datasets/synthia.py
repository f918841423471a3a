"""SYNTHIA, RAND_CITYSCAPES: 9 400 rendered street scenes."""

from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_PALETTE,
)
from keras_pixda.datasets.files import find_images_and_masks, pair_files
from keras_pixda.datasets.home import home
from keras_pixda.datasets.mask_files import mask_files, train_id_map
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath

LAYOUT = """\
ROOT/
  RGB/0000000.png
  GT/LABELS/0000000.png"""

# Id in the label files and what it is called there; `None` has no counterpart.
_ID_TO_CLASS = {
    0: None,  # void
    1: "sky",
    2: "building",
    3: "road",
    4: "sidewalk",
    5: "fence",
    6: "vegetation",
    7: "pole",
    8: "car",
    9: "traffic sign",
    10: "person",
    11: "bicycle",
    12: "motorcycle",
    13: None,  # parking slot
    14: None,  # road work
    15: "traffic light",
    16: "terrain",
    17: "rider",
    18: "truck",
    19: "bus",
    20: "train",
    21: "wall",
    22: None,  # lane marking, which the published protocol ignores
}


def synthia(
    root: FilePath, masks: str | None = None, labelled: bool = True
) -> SegmentationRecord:
    """The record of SYNTHIA (RAND_CITYSCAPES), as it is published.

    The labels are 16-bit colour PNGs with the class id in the red channel. Of the 19
    Cityscapes classes, terrain, truck and train have no pixels.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import synthia

    with tempfile.TemporaryDirectory() as root:
        for name in ("RGB/0000000.png", "GT/LABELS/0000000.png"):
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True)
            path.touch()
        record = synthia(root)
    assert record.classes[record.id_map[3]] == "road"
    ```

    Args:
        root: Folder that holds `RGB` and `GT`; labels of 8 bits may also lie in
            `parsed_LABELS`.
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
        Ros et al., The SYNTHIA Dataset, CVPR 2016.
    """
    parsed = home(root) / "parsed_LABELS"
    labels = "GT/LABELS" if not parsed.is_dir() else parsed.name
    images, labels = find_images_and_masks(root, ("RGB", labels), LAYOUT, labelled)
    labels, train_ids = mask_files(labels, masks, "synthia")
    keys, pairs = pair_files(images, labels, "synthia", LAYOUT)
    return SegmentationRecord(
        name="synthia",
        pairs=pairs,
        classes=CITYSCAPES_CLASSES,
        palette=CITYSCAPES_PALETTE,
        id_map=train_id_map(CITYSCAPES_CLASSES)
        if train_ids
        else {
            file_id: CITYSCAPES_CLASSES.index(name) if name else 255
            for file_id, name in _ID_TO_CLASS.items()
        },
        cities=("synthia",) * len(keys),
        mask_channel=0,
        every_class=False,
        labelled=labelled,
    )
