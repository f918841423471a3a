"""Results of earlier versions, whose means were over other classes."""

import math
from collections.abc import Iterable

import numpy as np

from keras_pixda.visualization.class_names import ABSENT_SHARE, class_names


def over_labelled(
    iou: dict[str, float], labelled: Iterable[str], well: Iterable[str]
) -> dict[str, float]:
    """A result with its means over the classes that the evaluation masks hold.

    Earlier versions counted a class that no mask holds as 0 for a method that predicted
    it and not at all for the others. How many pixels it gave to such classes they did
    not note: `absent_share` is NaN then, and 0 if it predicted none of them.

    Example:

    ```python
    from keras_pixda.comparison.over_labelled import over_labelled

    iou = {"mean_iou": 0.3, "road": 0.6, "car": 0.3, "bus": 0.0}
    found = over_labelled(iou, labelled=["road", "car"], well=["road"])
    assert round(found["mean_iou"], 2) == 0.45
    ```

    Args:
        iou: Fractions by name, as in a cell of a comparison.
        labelled: Names of the classes that the evaluation masks hold.
        well: Names of the well-represented classes.

    Returns:
        A dict as from `ClassIoU.result`.
    """
    classes = {
        name: iou[name] if name in labelled else math.nan for name in class_names(iou)
    }
    groups = {
        "mean_iou": classes,
        "well_iou": [name for name in classes if name in well],
        "under_iou": [name for name in classes if name not in well],
    }
    means = {
        key: _mean([classes[name] for name in names if name in labelled])
        for key, names in groups.items()
        if names
    }
    predicted = any(
        not math.isnan(iou[name]) for name in classes if name not in labelled
    )
    return {**means, ABSENT_SHARE: math.nan if predicted else 0.0, **classes}


def _mean(values):
    return float(np.mean(values)) if values else math.nan
