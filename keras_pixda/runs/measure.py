"""The figures of a segmenter on validation data."""

from collections.abc import Callable
from typing import Any

from keras_pixda.metrics import ClassIoU, SegmenterEvaluator


def measure(
    segmenter: Callable,
    dataset: Any,
    facts: dict[str, Any],
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """IoU of a segmenter on a data set, in all, `well`, `under` and by class.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import measure

    facts = {"classes": ["road", "car"], "ignore_class": 255, "well": ["road"]}
    batches = [(np.zeros((1, 32, 48, 3)), np.zeros((1, 32, 48), dtype="uint8"))]
    assert 0 <= measure(small_segmenter(2, filters=4), batches, facts)["mean_iou"] <= 1
    ```

    Args:
        segmenter: `keras.Model` from images to logits.
        dataset: Batches of images and labels, as in `SegmenterEvaluator`.
        facts: What `class_facts` found in the target training set.
        progress: Called with the batches done and in all. Defaults to `None`.

    Returns:
        A dict of fractions: `mean_iou`, `well_iou`, `under_iou` and each class.
    """
    metric = ClassIoU(facts["classes"], facts["ignore_class"], facts["well"])
    return SegmenterEvaluator(segmenter, metric).iou(dataset, progress=progress)
