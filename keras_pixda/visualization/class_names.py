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


def absent_percent(share: float) -> str:
    """A share of the pixels in %, of two digits, and 100 where they round to it.

    Example:

    ```python
    from keras_pixda.visualization.class_names import absent_percent

    assert [absent_percent(x) for x in (0.00012, 0.834, 1)] == ["0.012", "83", "100"]
    ```

    Args:
        share: The share, 0..1.
    """
    return f"{float(f'{100 * share:.2g}'):g}"
