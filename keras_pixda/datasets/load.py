"""Turn `gta5:PATH` into a record, for the command line."""

from keras_pixda.datasets.camvid import camvid
from keras_pixda.datasets.cityscapes import cityscapes
from keras_pixda.datasets.folder import folder
from keras_pixda.datasets.gta5 import gta5
from keras_pixda.datasets.idda import idda
from keras_pixda.datasets.lists import read_classes
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.datasets.synthia import synthia

WITHOUT_SPLITS = {"gta5": gta5, "synthia": synthia}
WITH_SPLITS = {"cityscapes": cityscapes, "camvid": camvid, "idda": idda}

# What a name is followed by where masks hold train ids.
TRAIN_IDS = "-train-ids"

SPELLINGS = ", ".join(
    [f"{name}:ROOT" for name in sorted(WITHOUT_SPLITS | WITH_SPLITS)]
    + ["folder:IMAGES,MASKS,CLASSES.txt"]
)


def load(data: str, split: str | None = None) -> SegmentationRecord:
    r"""The record of a data set named in one word.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import load

    with tempfile.TemporaryDirectory() as root:
        for path in ("images/a.jpg", "masks/a.png"):
            path = pathlib.Path(root, path)
            path.parent.mkdir()
            path.touch()
        pathlib.Path(root, "classes.txt").write_text("road\nother\n")
        record = load(f"folder:{root}/images,{root}/masks,{root}/classes.txt")
    assert record.classes == ("road", "other")
    ```

    Args:
        data: `gta5:ROOT`, `synthia:ROOT`, `cityscapes:ROOT`, `camvid:ROOT`,
            `idda:ROOT` or `folder:IMAGES,MASKS,CLASSES.txt`, whose last file has
            one class name a line, in the order of the ids. `gta5-train-ids:ROOT` and
            the like take masks that hold train ids, as `masks="train_ids"` does. A `~`
            that begins a path is the home folder.
        split: `"train"`, `"val"` ... for a data set that has splits. Defaults to
            `None`, the data set's own default.

    Raises:
        ValueError: if the spelling, the data set or the split is not known.
    """
    name, colon, place = data.partition(":")
    if not colon or not place:
        raise ValueError(f"{data!r}: expected one of {SPELLINGS}")
    published = name.removesuffix(TRAIN_IDS)
    options = {"masks": "train_ids"} if published != name else {}
    if published in WITH_SPLITS:
        options |= {"split": split} if split else {}
        return WITH_SPLITS[published](place, **options)
    if split:
        raise ValueError(
            f"{data!r} with split {split!r}: only {sorted(WITH_SPLITS)} have splits"
        )
    if published in WITHOUT_SPLITS:
        return WITHOUT_SPLITS[published](place, **options)
    if name == "folder":
        places = place.split(",")
        if len(places) != 3:
            raise ValueError(f"{data!r}: expected folder:IMAGES,MASKS,CLASSES.txt")
        images, masks, classes = places
        return folder(images, masks, read_classes(classes))
    raise ValueError(f"{data!r}: unknown data set {name!r}, expected {SPELLINGS}")
