"""IDDA: rendered driving scenes of several towns, weathers and cars."""

from keras_pixda.datasets.camvid import CAMVID_CLASSES, CAMVID_PALETTE
from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_PALETTE,
)
from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.files import find_images_and_masks, pair_files
from keras_pixda.datasets.home import home
from keras_pixda.datasets.lists import find_listed
from keras_pixda.datasets.mask_files import mask_files, train_id_map
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath

LAYOUT = """\
ROOT/
  images/100065_T01_HRN_A.jpg
  masks/100065_T01_HRN_A.png
  {split}.txt        one name without suffix a line
  hood_A.png         255 where car A sees its own hood, one file a car"""

# Id, name, class in Cityscapes, class in CamVid; `None` has no counterpart.
_TABLE = (
    (0, "none", None, None),
    (1, "building", "building", "building"),
    (2, "fence", "fence", "fence"),
    (3, "other", None, None),
    (4, "pedestrian", "person", "pedestrian"),
    (5, "pole", "pole", "pole"),
    (6, "road line", "road", "road"),
    (7, "road", "road", "road"),
    (8, "sidewalk", "sidewalk", "pavement"),
    (9, "vegetation", "vegetation", "tree"),
    (10, "vehicle", "car", "car"),
    (11, "wall", "wall", "building"),
    (12, "traffic sign", "traffic sign", "sign"),
    (13, "traffic light", "traffic light", "sign"),
    (14, "guardrail", None, None),
    (15, "dynamic", None, None),
    (16, "bicycle", "bicycle", "bicyclist"),
    (17, "motorcycle", "motorcycle", "bicyclist"),
    (18, "rider", "rider", "bicyclist"),
    (19, "terrain", "terrain", "tree"),
    (20, "sky", "sky", "sky"),
    (21, "railway", None, None),
    (22, "ground", None, None),
    (23, "static", None, None),
)

# Classes, palette, column of the table, and the shape of the target's pictures.
_LABEL_SPACES = {
    "cityscapes": (CITYSCAPES_CLASSES, CITYSCAPES_PALETTE, 2, None),
    "camvid": (CAMVID_CLASSES, CAMVID_PALETTE, 3, 4 / 3),
}


def idda(
    root: FilePath,
    split: str = "train",
    label_space: str = "camvid",
    ignore_hood: bool = True,
    masks: str | None = None,
    labelled: bool = True,
) -> SegmentationRecord:
    """The record of one split of IDDA, in the classes of a real data set.

    For `"camvid"` the pictures are centre-cropped to 4:3, CamVid's shape. The masks
    label the hood of the recording car as a vehicle; it is ignored unless asked for.
    The city of a pair is its town, e.g. `T01`.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import idda

    with tempfile.TemporaryDirectory() as root:
        for name in ("images/1_T01_CN_A.jpg", "masks/1_T01_CN_A.png", "hood_A.png"):
            path = pathlib.Path(root, name)
            path.parent.mkdir(exist_ok=True)
            path.touch()
        pathlib.Path(root, "train.txt").write_text("1_T01_CN_A")
        record = idda(root)
    assert record.cities == ("T01",)
    assert record.classes[record.id_map[10]] == "car"
    ```

    Args:
        root: Folder that holds `images`, `masks` and the list files.
        split: Name of a list file without its `.txt`. Defaults to `"train"`.
        label_space: `"camvid"` (11 classes) or `"cityscapes"` (19). Defaults to
            `"camvid"`.
        ignore_hood: Whether pixels of the own hood are ignored. Defaults to `True`.
        masks: `"ids"`, the label files of the release; or `"train_ids"`, masks of the
            positions of the classes: `*_labelTrainIds.png`, which converters leave
            beside them, or masks without this ending. Defaults to `None`: train ids
            where only `*_labelTrainIds.png` are there.
        labelled: Whether to look for the masks; without, the record is of the pictures
            alone. Defaults to `True`.

    Raises:
        DataError: If images and masks do not pair up or a listed name is missing.
        FileNotFoundError: If a folder, the list or a picture of a hood is missing.
        ValueError: If there is no such label space or `masks` is unknown.

    Reference:
        Alberti et al., IDDA: a large-scale multi-domain dataset for autonomous
        driving, RA-L 2020.
    """
    if label_space not in _LABEL_SPACES:
        raise ValueError(
            f"idda: label_space {label_space!r}: expected one of {list(_LABEL_SPACES)}"
        )
    classes, palette, column, crop = _LABEL_SPACES[label_space]
    root = home(root)
    name, layout = f"idda {split}", LAYOUT.format(split=split)
    folders = ("images", "masks")
    images, labels = find_images_and_masks(root, folders, layout, labelled)
    labels, train_ids = mask_files(labels, masks, name)
    keys, pairs = pair_files(images, labels, name, layout)
    strange = [key for key in keys if key.count("_") != 3]
    if strange:
        raise DataError(
            [
                Finding(key, "is not named FRAME_TOWN_WEATHER_CAR", "Rename it.")
                for key in strange
            ]
        )
    record = SegmentationRecord(
        name=name,
        pairs=pairs,
        classes=classes,
        palette=palette,
        id_map=train_id_map(classes)
        if train_ids
        else {
            row[0]: classes.index(row[column]) if row[column] else 255 for row in _TABLE
        },
        cities=tuple(key.split("_")[1] for key in keys),
        crop=crop,
        ignore_masks=_hoods(root, keys, layout) if ignore_hood and labelled else (),
        every_class=False,
        labelled=labelled,
    )
    images = [image for image, _ in pairs]
    listed = find_listed(root / f"{split}.txt", images, once=True)
    return record.select(sorted(listed))


def _hoods(root, keys, layout):
    paths = {car: root / f"hood_{car}.png" for car in {key[-1] for key in keys}}
    for path in paths.values():
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} does not exist; ignore_hood=False goes without it. "
                f"Expected layout:\n{layout}"
            )
    return tuple(str(paths[key[-1]]) for key in keys)
