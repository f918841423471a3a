"""Evaluate the segmenter of a finished run."""

import os
from collections.abc import Sequence

from keras_pixda.datasets import SegmentationRecord
from keras_pixda.progress import Progress
from keras_pixda.runs.saved_facts import saved_facts


def evaluate(
    folder: str | os.PathLike,
    record: SegmentationRecord,
    model: str = "segmenter.keras",
    verbose: bool = True,
    flip: bool = False,
    scales: Sequence[float] = (1.0,),
) -> dict:
    """Per-class IoU of a run's segmenter on labelled data, at label resolution.

    Example:

    ```python
    import json
    import pathlib
    import tempfile
    from PIL import Image
    from keras_pixda.datasets import folder
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import evaluate

    facts = {"classes": ["road", "car"], "palette": [[128, 64, 128], [0, 0, 142]],
             "ignore_class": 255, "well": ["road"], "image_size": [32, 48]}
    with tempfile.TemporaryDirectory() as root:  # What a run leaves behind.
        small_segmenter(2, filters=4).save(f"{root}/segmenter.keras")
        pathlib.Path(root, "classes.json").write_text(json.dumps(facts))
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (48, 32)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road", "car"))
        iou = evaluate(root, record, verbose=False)
    assert 0 <= iou["road"] <= 1
    ```

    Args:
        folder: Folder that `train` wrote.
        record: `SegmentationRecord` to evaluate on, with the classes of the run.
        model: File in the folder. Defaults to `"segmenter.keras"`; the segmenter before
            adaptation is `"source_only.keras"`.
        verbose: Whether to show progress. Defaults to `True`.
        flip: Whether to average with the mirrored images, see `SlidingWindow`. Results
            with it are to be reported as such. Defaults to `False`.
        scales: Factors of the size that images are segmented at, averaged likewise,
            such as `(0.75, 1, 1.25)`. Defaults to `(1.0,)`.

    Returns:
        A dict of fractions: `mean_iou`, `well_iou`, `under_iou` and each class.

    Raises:
        FileNotFoundError: If the folder holds no finished run.
        ValueError: If the data have other classes than the run, or a scale is not above
            0.
    """
    record.require_masks()
    facts = saved_facts(folder, model)
    if list(record.classes) != facts["classes"]:
        raise ValueError(
            f"{record.name}: expected the classes that the run in {folder} was trained "
            f"on, {facts['classes']}, received {list(record.classes)}."
        )
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.datasets import SegmentationDataset
    from keras_pixda.runs.measure import measure
    from keras_pixda.runs.saved_run import saved_run
    from keras_pixda.serving import SlidingWindow

    segmenter, _ = saved_run(folder, model)
    if flip or tuple(scales) != (1,):
        segmenter = SlidingWindow(segmenter, flip=flip, scales=scales)
    dataset = SegmentationDataset(record, 1, facts["image_size"])
    progress = Progress("evaluation", len(dataset), verbose)
    return measure(segmenter, dataset, facts, progress)
