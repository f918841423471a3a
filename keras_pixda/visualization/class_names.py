"""What a result of `ClassIoU` holds."""

from collections.abc import Iterable

MEANS = {"mean_iou": "mean", "well_iou": "well", "under_iou": "under"}
# What a result holds beside means and classes: a share of the pixels, no IoU.
ABSENT_SHARE = "absent_share"
ABSENT_TITLE = "given to classes that no mask holds"


def class_names(result: Iterable[str]) -> list[str]:
    """Names of the classes of a result of `ClassIoU`, without its means.

    Example:

    ```python
    from keras_pixda.visualization.class_names import class_names

    assert class_names({"mean_iou": 0.5, "absent_share": 0.0, "road": 0.5}) == ["road"]
    ```

    Args:
        result: The result, or its names.
    """
    return [name for name in result if name not in MEANS and name != ABSENT_SHARE]
