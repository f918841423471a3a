"""CamVid: 701 real frames of four drives through Cambridge."""

from pathlib import Path

from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.files import find_files, pair_files, require_folders
from keras_pixda.datasets.segmentation_record import SegmentationRecord

LAYOUT = """\
ROOT/
  {split}/0001TP_006690.png
  {split}annot/0001TP_006690.png
or
  {split}/images/0001TP_006690.jpg
  {split}/masks/0001TP_006690.png
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

_IDS = {**{train_id: train_id for train_id in range(11)}, 11: 255}
_COLOURS = {
    (0, 0, 0): 255,  # void
    **{
        colour: train_id
        for train_id, (_, _, colours) in enumerate(_TABLE)
        for colour in colours
    },
}


def camvid(root, split="train"):
    """Return the record of one split of CamVid with its 11 usual classes.

    Takes the layout of the 11-class release (`train`, `trainannot`), the same ids as
    `train/images` and `train/masks`, and the original release with its colour masks,
    which is divided as the 11-class release is: 367 / 101 / 233 frames. The city of
    a pair, for K shots, is its drive: the name up to the underscore.

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
        root: folder in one of the three layouts.
        split: `"train"`, `"val"` or `"test"`. Defaults to `"train"`.

    Raises:
        DataError: if images and masks do not pair up.
        FileNotFoundError: if a folder is missing.
        ValueError: if there is no such split.

    Reference:
        Brostow et al., Semantic object classes in video, Pattern Recognition
        Letters 2009; 11 classes: Badrinarayanan et al., SegNet, 2015.
    """
    if split not in ("train", "val", "test"):
        raise ValueError(f"camvid: split {split!r}: expected 'train', 'val' or 'test'")
    name, layout, id_map = f"camvid {split}", LAYOUT.format(split=split), _IDS
    if Path(root, "LabeledApproved_full").is_dir():
        folders = ("701_StillsRaw_full", "LabeledApproved_full")
        images, masks = require_folders(root, folders, layout)
        images, masks = (
            {key: path for key, path in files.items() if _original_split(key) == split}
            for files in (find_files(images), find_files(masks, "_L.png"))
        )
        id_map = _COLOURS
    else:
        nested = Path(root, split, "images").is_dir()
        folders = (
            (f"{split}/images", f"{split}/masks")
            if nested
            else (split, f"{split}annot")
        )
        images, masks = map(find_files, require_folders(root, folders, layout))
    keys, pairs = pair_files(images, masks, name, layout)
    return SegmentationRecord(
        name=name,
        pairs=pairs,
        classes=CAMVID_CLASSES,
        palette=CAMVID_PALETTE,
        id_map=id_map,
        cities=tuple(key.split("_")[0] for key in keys),
    )


def _original_split(key):
    """Return the split of a frame: drives 0001TP and 0016E5 are divided in time."""
    drive, _, frame = key.partition("_")
    frame = frame.lstrip("f")
    if not frame.isdigit():
        raise DataError([Finding(key, "is not named DRIVE_FRAME", "Rename it.")])
    frame = int(frame)
    if drive == "Seq05VD" or (drive == "0001TP" and frame > 8520):
        return "test"
    return "val" if drive == "0016E5" and 7959 <= frame <= 8159 else "train"
