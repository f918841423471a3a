"""What a run notes about its classes, for pictures and tables later on."""

import numpy as np

from keras_pixda.datasets import read_mask
from keras_pixda.metrics import well_represented
from keras_pixda.progress import Progress


def class_facts(record, verbose=True):
    """Names, colours and the well-represented classes of a data set.

    A class is well represented if it holds at least 4 % of the labelled pixels of the
    whole data set; every mask is read once.

    Example:

    ```python
    import tempfile
    from keras_pixda.datasets import cityscapes
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.runs import class_facts

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=1, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        facts = class_facts(cityscapes(f"{root}/cityscapes"), verbose=False)
    "road" in facts["well"]  # True
    ```

    Args:
        record: `SegmentationRecord` of the whole labelled target training set.
        verbose: Whether to show progress. Defaults to `True`.

    Returns:
        A dict with `classes`, `palette`, `ignore_class`, `pixels` and `well`.
    """
    counts = np.zeros(256, dtype="int64")
    progress = Progress("class shares", len(record), verbose)
    ignore_masks = record.ignore_masks or [None] * len(record)
    for done, ((_, path), ignore_mask) in enumerate(
        zip(record.pairs, ignore_masks, strict=True), start=1
    ):
        labels = read_mask(path, record, ignore_mask=ignore_mask)
        counts += np.bincount(labels.ravel(), minlength=256)
        progress(done)
    pixels = counts[: len(record.classes)]
    return {
        "classes": list(record.classes),
        "palette": [list(map(int, colour)) for colour in record.palette],
        "ignore_class": record.ignore_class,
        "pixels": pixels.tolist(),
        "well": list(well_represented(pixels, record.classes)),
    }
