"""What a run notes about its classes, for pictures and tables later on."""

from keras_pixda.datasets import SegmentationRecord, class_pixels
from keras_pixda.metrics import well_represented


def class_facts(record: SegmentationRecord, verbose: bool = True) -> dict:
    """Names, colours and the well-represented classes of a data set.

    A class is well represented if it holds at least 4 % of the labelled pixels of the
    whole data set, without what is ignored; every mask is read once.

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
    assert "road" in facts["well"]
    ```

    Args:
        record: `SegmentationRecord` of the whole labelled target training set.
        verbose: Whether to show progress. Defaults to `True`.

    Returns:
        A dict with `classes`, `palette`, `ignore_class`, `pixels` and `well`.
    """
    pixels = class_pixels(record, verbose=verbose).sum(axis=0)
    return {
        "classes": list(record.classes),
        "palette": [list(map(int, colour)) for colour in record.palette],
        "ignore_class": record.ignore_class,
        "pixels": pixels.tolist(),
        "well": list(well_represented(pixels, record.classes)),
    }
