"""Turn `gta5:PATH` into a record, for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_pixda.datasets.cut_into_cities import cut_into_cities
from keras_pixda.datasets.data_spelling import DataSpelling
from keras_pixda.datasets.find_dataset import TRAIN_IDS, find_dataset
from keras_pixda.datasets.part_of import part_of
from keras_pixda.datasets.registry import DATASETS

if TYPE_CHECKING:
    from keras_pixda.datasets.segmentation_record import SegmentationRecord


def load(
    data: str,
    split: str | None = None,
    evaluation: bool = False,
    unlabelled: bool = False,
) -> SegmentationRecord:
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
        data: One of `keras_pixda.datasets.DATASETS` and where it is: `gta5:ROOT`,
            `synthia:ROOT`, `cityscapes:ROOT`, `camvid:ROOT`, `idda:ROOT`,
            `folder:IMAGES,MASKS,CLASSES.txt`, whose last file has one class name a
            line, in the order of the ids, or `images:FOLDER`, pictures alone.
            `gta5-train-ids:ROOT` and the like take masks that hold train ids, as
            `masks="train_ids"` does. A `~` that begins a path is the home folder.
            `?cities=18` at the end cuts the pairs into 18 runs in order of sequence
            and frame, each a city for K shots (not of data to evaluate on),
            `?part=tuning` and `?part=rest` take a part of what there is, see `part_of`;
            both: `?part=rest&cities=18`.
        split: `"train"`, `"val"` ... for a data set that has splits. Defaults to
            `None`, the one that it declares for the purpose.
        evaluation: Whether the purpose is evaluation and not training; a data set that
            has no split for it is taken whole. Defaults to `False`.
        unlabelled: Whether the pictures alone are meant: no mask is opened, and those
            of the data sets above need not be there. Defaults to `False`.

    Returns:
        The `SegmentationRecord`.

    Raises:
        ValueError: If the spelling, the data set or the split is not known, or there
            are too few pairs for the cities or the part.
    """
    named = find_dataset(data)
    spelling = DataSpelling.of(data)
    name, place = spelling.name, spelling.place
    options = {"masks": "train_ids"} if name.endswith(TRAIN_IDS) else {}
    if named.splits:
        chosen = named.evaluation_split if evaluation else named.training_split
        if split is None and chosen is None:
            raise ValueError(
                f"{data!r} has no split to evaluate on: expected one of "
                f"{[*named.splits]} to be named"
            )
        options["split"] = split or chosen
    elif split:
        divided = sorted(name for name, other in DATASETS.items() if other.splits)
        raise ValueError(f"{data!r} with split {split!r}: only {divided} have splits")
    places = place.split(",") if len(named.places) > 1 else [place]
    if unlabelled and named.without_masks:
        options["labelled"] = False
    record = named.record(*places, **options)
    if spelling.part:
        record = part_of(record, spelling.part)
    if spelling.cities and not evaluation:
        record = cut_into_cities(record, spelling.cities)
    return record.pictures() if unlabelled else record
