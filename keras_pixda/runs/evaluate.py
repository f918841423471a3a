"""Evaluate the segmenter of a finished run."""

import pathlib

from keras_pixda.datasets import SegmentationDataset
from keras_pixda.progress import Progress
from keras_pixda.runs.measure import measure
from keras_pixda.runs.saved_run import saved_run


def evaluate(folder, record, model="segmenter.keras", verbose=True):
    """Per-class IoU of a run's segmenter on labelled data, at label resolution.

    Example:

    ```python
    from keras_pixda.datasets import cityscapes
    from keras_pixda.runs import evaluate

    def main(folder, root):
        return evaluate(folder, cityscapes(root, split="val"))["mean_iou"]
    ```

    Args:
        folder: Folder that `train` wrote.
        record: `SegmentationRecord` to evaluate on, with the classes of the run.
        model: File in the folder. Defaults to `"segmenter.keras"`; the segmenter before
            adaptation is `"source_only.keras"`.
        verbose: Whether to show progress. Defaults to `True`.

    Returns:
        A dict of fractions: `mean_iou`, `well_iou`, `under_iou` and each class.

    Raises:
        FileNotFoundError: If the folder holds no finished run.
        ValueError: If the data have other classes than the run.
    """
    segmenter, facts = saved_run(folder, model)
    if list(record.classes) != facts["classes"]:
        raise ValueError(
            f"{record.name} has the classes {list(record.classes)}, but the run in "
            f"{pathlib.Path(folder)} was trained on {facts['classes']}."
        )
    dataset = SegmentationDataset(record, 1, facts["image_size"])
    progress = Progress("evaluation", len(dataset), verbose)
    return measure(segmenter, dataset, facts, progress)
