"""The ids of classes in label files that others read."""

from collections.abc import Sequence

import numpy as np

from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_ID_MAP,
)


def label_ids(classes: Sequence[str]) -> tuple[np.ndarray, str]:
    """The id of every class in label files, and how the files' names end.

    Where all classes are among the 19 of Cityscapes the ids are the official ones.

    Example:

    ```python
    from keras_pixda.runs.label_ids import label_ids

    ids, ending = label_ids(["car", "road"])
    assert (ids.tolist(), ending) == ([26, 7], "labelIds")
    ids, ending = label_ids(["car", "lane marking"])
    assert (ids.tolist(), ending) == ([0, 1], "labelTrainIds")
    ```

    Args:
        classes: Names of the classes.

    Returns:
        A `uint8` array, one id a class, and the ending.
    """
    official = {train_id: id for id, train_id in CITYSCAPES_ID_MAP.items()}
    if set(classes) <= set(CITYSCAPES_CLASSES):
        ids = [official[CITYSCAPES_CLASSES.index(name)] for name in classes]
        return np.array(ids, "uint8"), "labelIds"
    return np.arange(len(classes), dtype="uint8"), "labelTrainIds"
