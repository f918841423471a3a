"""What the figures of a comparison's tables are."""

from keras_pixda.comparison.results import Results

MEANS = {"mean_iou": "mIoU", "well_iou": "well", "under_iou": "under"}


def legend(results: Results) -> str:
    """The line that goes with the rows of `table_rows`.

    Example:

    ```python
    from keras_pixda.comparison import Results
    from keras_pixda.comparison.legend import legend

    iou = {"mean_iou": 0.5, "well_iou": 0.6, "under_iou": 0.4}
    cell = {"method": "fda", "shots": 1, "seed": 0, "iou": iou}
    assert legend(Results([cell])) == "mIoU / well / under in %"
    ```

    Args:
        results: The `Results` in the table.
    """
    means = " / ".join(MEANS[key] for key in MEANS if key in results.keys)
    several = len(results.seeds) > 1
    return f"{means} in %" + " (± spread of mIoU over seeds)" * several
