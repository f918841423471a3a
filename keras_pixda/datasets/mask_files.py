"""Masks of label ids, and those of train ids that converters write beside them."""

from collections.abc import Sequence

from keras_pixda.datasets.files import FoundFiles

CHOICES = ("ids", "train_ids")
# mmsegmentation, DAFormer and Cityscapes's own scripts name them so.
TRAIN_IDS = "_labelTrainIds"


def mask_files(
    files: FoundFiles | None, masks: str | None, name: str, ids: str = ""
) -> tuple[FoundFiles | None, bool]:
    """The masks to use out of all that were found, and if they hold train ids.

    Args:
        files: `FoundFiles` of the folder of masks; `None` if masks are not asked for.
        masks: `"ids"`, those of the release; `"train_ids"`, those that end in
            `_labelTrainIds` or, if there are none, masks that hold train ids under the
            names of the release; or `None`, train ids where only they are.
        name: What messages call the data set.
        ids: Ending of the names in the release before `_labelTrainIds` is put there, as
            in `_gtFine_labelIds`. Defaults to `""`, none.

    Returns:
        `FoundFiles` by key without ending, or `None`, and a bool.

    Raises:
        ValueError: If `masks` is none of these.
    """
    if masks is not None and masks not in CHOICES:
        raise ValueError(
            f"{name}: masks is {masks!r}, expected one of {[*CHOICES]} or None"
        )
    if files is None:
        return None, False
    converted = files.ending(ids.removesuffix("_labelIds") + TRAIN_IDS)
    published = files.ending(ids).choose(
        lambda key: None if key.endswith(TRAIN_IDS) else key
    )
    if converted and (masks == "train_ids" or (masks is None and not published)):
        return converted, True
    return published, masks == "train_ids"


def train_id_map(classes: Sequence[str]) -> dict[int, int]:
    """The map of masks that hold train ids and 255 where they have none."""
    return {**{train_id: train_id for train_id in range(len(classes))}, 255: 255}
