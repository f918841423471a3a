"""CamVid: 701 real frames of four drives through Cambridge."""

from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.files import find_images_and_masks, pair_files
from keras_pixda.datasets.home import home
from keras_pixda.datasets.mask_files import mask_files, train_id_map
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath

LAYOUT = """\
ROOT/
  {split}/0001TP_006690.png
  {split}annot/0001TP_006690.png
or
  {split}/images/0001TP_006690.jpg
  {split}/masks/0001TP_006690.png
or
  {split}/0001TP_006690.png
  {split}_labels/0001TP_006690_L.png
or
  701_StillsRaw_full/0001TP_006690.png
  LabeledApproved_full/0001TP_006690_L.png"""

# Name, colour in pictures, and the colours of the original release it stands for.
_TABLE = (
    ("sky", (128, 128, 128), ((128, 128, 128),)),
    (
        "building",
        (128, 0, 0),
        # building, wall, bridge, tunnel, archway
        ((128, 0, 0), (64, 192, 0), (0, 128, 64), (64, 0, 64), (192, 0, 128)),
    ),
    # column or pole, traffic cone
    ("pole", (192, 192, 128), ((192, 192, 128), (0, 0, 64))),
    # road, lane markings for driving and others
    ("road", (128, 64, 128), ((128, 64, 128), (128, 0, 192), (192, 0, 64))),
    # sidewalk, parking block, road shoulder
    ("pavement", (60, 40, 222), ((0, 0, 192), (64, 192, 128), (128, 128, 192))),
    # tree, other vegetation
    ("tree", (128, 128, 0), ((128, 128, 0), (192, 192, 0))),
    # sign, text, traffic light
    ("sign", (192, 128, 128), ((192, 128, 128), (128, 128, 64), (0, 64, 64))),
    ("fence", (64, 64, 128), ((64, 64, 128),)),
    (
        "car",
        (64, 0, 128),
        # car, pickup, truck or bus, train, other moving
        ((64, 0, 128), (64, 128, 192), (192, 128, 192), (192, 64, 128), (128, 64, 64)),
    ),
    (
        "pedestrian",
        (64, 64, 0),
        # pedestrian, child, cart or pram, animal
        ((64, 64, 0), (192, 128, 64), (64, 0, 192), (64, 128, 64)),
    ),
    # bicyclist, motorcycle
    ("bicyclist", (0, 128, 192), ((0, 128, 192), (192, 0, 192))),
)

CAMVID_CLASSES = tuple(name for name, _, _ in _TABLE)
CAMVID_PALETTE = tuple(colour for _, colour, _ in _TABLE)

# Void is 11 in the release; converters write 255.
_IDS = {**train_id_map(CAMVID_CLASSES), 11: 255}
_COLOURS = {
    (0, 0, 0): 255,  # void
    **{
        colour: train_id
        for train_id, (_, _, colours) in enumerate(_TABLE)
        for colour in colours
    },
}


def camvid(
    root: FilePath,
    split: str = "train",
    masks: str | None = None,
    labelled: bool = True,
) -> SegmentationRecord:
    """The record of one split of CamVid with its 11 usual classes.

    Takes the layout of the 11-class release (`train`, `trainannot`), the same ids as
    `train/images` and `train/masks`, and the colour masks of the original release,
    divided into folders (`train`, `train_labels`) or not: then as the 11-class release
    is, 367 / 101 / 233 frames. The city of a pair, for K shots, is its drive: the name
    up to the underscore.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import camvid

    with tempfile.TemporaryDirectory() as root:
        for folder in ("train", "trainannot"):
            path = pathlib.Path(root, folder, "0001TP_006690.png")
            path.parent.mkdir()
            path.touch()
        record = camvid(root)
    assert record.cities == ("0001TP",)
    ```

    Args:
        root: Folder in one of the four layouts.
        split: `"train"`, `"val"` or `"test"`. Defaults to `"train"`.
        masks: `"ids"`, the label files of the release; or `"train_ids"`, masks of the
            positions of the classes: `*_labelTrainIds.png`, which converters leave
            beside them, or masks without this ending. Defaults to `None`: train ids
            where only `*_labelTrainIds.png` are there.
        labelled: Whether to look for the masks; without, the record is of the pictures
            alone. Defaults to `True`.

    Raises:
        DataError: If images and masks do not pair up.
        FileNotFoundError: If a folder is missing.
        ValueError: If there is no such split or `masks` is unknown.

    Reference:
        Brostow et al., Semantic object classes in video, Pattern Recognition
        Letters 2009; 11 classes: Badrinarayanan et al., SegNet, 2015.
    """
    if split not in ("train", "val", "test"):
        raise ValueError(f"camvid: split {split!r}: expected 'train', 'val' or 'test'")
    root = home(root)
    name, layout = f"camvid {split}", LAYOUT.format(split=split)
    original = (root / "LabeledApproved_full").is_dir()
    if not (labelled or (root / split).is_dir()):
        original = True  # Of which the masks are missing.
    colours = original or (root / f"{split}_labels").is_dir()
    if original:
        folders = ("701_StillsRaw_full", "LabeledApproved_full")
    elif colours:
        folders = (split, f"{split}_labels")
    elif (root / split / "images").is_dir():
        folders = (f"{split}/images", f"{split}/masks")
    else:
        folders = (split, f"{split}annot")
    images, labels = find_images_and_masks(root, folders, layout, labelled)
    labels, train_ids = mask_files(labels, masks, name, ids="_L" if colours else "")
    if original:
        keys = {*images, *(labels or ())}
        strange = [key for key in keys if _original_split(key) is None]
        if strange:
            raise DataError(
                Finding(key, "is not named DRIVE_FRAME", "Rename it.")
                for key in sorted(strange)
            )

        def of_split(key):
            return key if _original_split(key) == split else None

        images = images.choose(of_split)
        labels = None if labels is None else labels.choose(of_split)
    keys, pairs = pair_files(images, labels, name, layout)
    return SegmentationRecord(
        name=name,
        pairs=pairs,
        classes=CAMVID_CLASSES,
        palette=CAMVID_PALETTE,
        id_map=_COLOURS if colours and not train_ids else _IDS,
        cities=tuple(key.split("_")[0] for key in keys),
        every_class=False,
        labelled=labelled,
    )


def _original_split(key):
    """The split of a frame: drives 0001TP and 0016E5 are divided in time.

    `None` is that of a name which is no frame's.
    """
    drive, _, frame = key.partition("_")
    frame = frame.lstrip("f")
    if not frame.isdigit():
        return None
    frame = int(frame)
    if drive == "Seq05VD" or (drive == "0001TP" and frame > 8520):
        return "test"
    return "val" if drive == "0016E5" and 7959 <= frame <= 8159 else "train"
