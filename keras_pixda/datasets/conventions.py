"""Masks whose ids look as if they meant something else than they are read as."""

from collections.abc import Mapping

from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_ID_MAP,
)
from keras_pixda.datasets.data_error import Finding
from keras_pixda.datasets.find_dataset import TRAIN_IDS
from keras_pixda.datasets.registry import DATASETS
from keras_pixda.datasets.segmentation_record import SegmentationRecord

UNLABELLED = 255


def conventions(record: SegmentationRecord, ids: Mapping[int, int]) -> list[Finding]:
    """The findings about ids that look like another convention.

    Example:
    ```python
    from keras_pixda.datasets import SegmentationRecord
    from keras_pixda.datasets.conventions import conventions

    record = SegmentationRecord(
        name="cracks",
        pairs=(),
        classes=("wall", "crack"),
        palette=((0, 0, 0), (255, 0, 0)),
        id_map={0: 0, 1: 1, 255: 255},
        cities=(),
    )
    [finding] = conventions(record, {0: 900, 255: 100})
    assert "0 and 255 alone" in finding.problem
    assert conventions(record, {0: 800, 1: 100, 255: 100}) == []
    ```

    Args:
        record: the `SegmentationRecord`, whose masks hold ids.
        ids: dict from every id that the masks hold to its pixels.

    Returns:
        A list of `Finding`, empty if all is as the record says.
    """
    looks = (_binary, _train_ids, _label_ids, _from_one)
    problems = (look(record, ids) for look in looks) if ids else ()
    return [Finding(record.name, *problem) for problem in problems if problem]


def _binary(record, ids):
    """Masks of two classes, as programs for drawing write them."""
    if ids.keys() != {0, 255} or record.id_map.get(255) != record.ignore_class:
        return None
    return (
        "the masks hold the ids 0 and 255 alone, and 255 is ignored: they look like "
        "masks of two classes, black and white",
        f"If they are, write 1 for 255 in them, or {_with_map('{0: 0, 255: 1}')}.",
    )


def _train_ids(record, ids):
    """Train ids where other ids are expected."""
    classes = len(record.classes)
    meant = {
        file_id: train_id
        for file_id, train_id in record.id_map.items()
        if train_id != record.ignore_class
    }
    if _is_identity(record) or max(meant, default=0) < classes:
        return None
    held = {file_id: n for file_id, n in ids.items() if file_id != UNLABELLED}
    lost = {file_id: n for file_id, n in held.items() if file_id not in meant}
    # Of label ids all of a mask below the number of classes are rare, and more so many
    # ignored ones among them.
    if (
        max(held, default=classes) >= classes
        or len(lost) < 2
        or sum(lost.values()) < 0.2 * sum(held.values())
    ):
        return None
    expected = next(iter(meant))
    remedy = _other_masks(record, "train_ids", "{0: 0, 1: 1, ..., 255: 255}")
    return (
        f"the masks hold the ids {_listed(ids)} alone, which look like train ids "
        f"(0 for {record.classes[0]}); other ids are expected ({expected} for "
        f"{record.classes[meant[expected]]})",
        f"If they are, {remedy}.",
    )


def _label_ids(record, ids):
    """Label ids of Cityscapes where train ids are expected."""
    unknown = [file_id for file_id in ids if file_id not in record.id_map]
    if (
        not _is_identity(record)
        or not {*record.classes} <= {*CITYSCAPES_CLASSES}
        or not unknown
        or not ids.keys() <= CITYSCAPES_ID_MAP.keys()
        or max(unknown) <= len(record.classes)
    ):
        return None
    return (
        f"the masks hold the ids {_listed(ids)}, which look like the label ids of "
        f"Cityscapes (7 for road); train ids are expected (0 for {record.classes[0]})",
        f"If they are, {_other_masks(record, 'ids', '{7: 0, 8: 1, ...}')}.",
    )


def _from_one(record, ids):
    """Classes that count from 1, with 0 for what has none."""
    classes = len(record.classes)
    held = ids.keys() - {UNLABELLED}
    if not _is_identity(record) or not held or max(held) != classes:
        return None
    return (
        f"the masks hold ids up to {classes}, one more than the last class, "
        f"{classes - 1} for {record.classes[-1]}: they look as if classes counted "
        "from 1",
        "If 0 is a class such as background, put its name at the head of the list; if "
        f"it is unlabelled, {_with_map('{0: 255, 1: 0, 2: 1, ...}')}.",
    )


def _is_identity(record):
    return all(record.id_map.get(i) == i for i in range(len(record.classes)))


def _other_masks(record, masks, id_map):
    """What reads masks of the other kind, `"ids"` or `"train_ids"`."""
    name = record.name.split()[0]
    if name not in DATASETS or not DATASETS[name].train_ids:
        return _with_map(id_map)
    ending = TRAIN_IDS if masks == "train_ids" else ""
    spelling = DATASETS[name].spelling(f"{name}{ending}")
    return f'{spelling} on the command line reads them, masks="{masks}" in Python'


def _with_map(id_map):
    # A spelling on the command line has no room for a map.
    return f"read them in Python, by a record with id_map={id_map}"


def _listed(ids):
    """Ids as text, runs of them as `7-11`."""
    runs = []
    for file_id in sorted(ids):
        if runs and runs[-1][1] == file_id - 1:
            runs[-1][1] = file_id
        else:
            runs.append([file_id, file_id])
    parts = [str(a) if a == b else f"{a}-{b}" for a, b in runs]
    return ", ".join([*parts[:8], "..."] if len(parts) > 8 else parts)
