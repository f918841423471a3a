"""Pictures of a run: the same images before and after."""

from typing import Any

import keras
import numpy as np

from keras_pixda.datasets import SegmentationDataset
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import Size
from keras_pixda.visualization import panel


class Panels:
    """A few images of a data set and what successive segmenters say of them.

    Example:

    ```python
    import tempfile
    from keras_pixda.datasets import cityscapes
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import Panels

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=1, target_images_per_city=1,
                   validation_images=3, image_size=(32, 48))
        record = cityscapes(f"{root}/cityscapes", "val")
        panels = Panels(record, number=2, image_size=(32, 48))
        panels.add("before", small_segmenter(19, filters=4))
        pictures = panels.pictures()
    assert list(pictures) == ["01.png", "02.png", "all.png"]
    ```

    Args:
        record: `SegmentationRecord` to take the images from, evenly spread.
        number: How many images, 0 for no pictures.
        image_size: `(height, width)` to segment them at.
    """

    def __init__(self, record: SegmentationRecord, number: int, image_size: Size):
        self.record = record
        indices = np.linspace(0, len(record) - 1, min(number, len(record)))
        pairs = [
            SegmentationDataset(record.select([index]), 1, image_size)[0]
            for index in indices.round().astype(int).tolist()
        ]
        self.columns = {
            "image": [images[0] for images, _ in pairs],
            "truth": [labels[0] for _, labels in pairs],
        }

    def add(self, title: str, segmenter: keras.Model) -> None:
        """Add a column with the classes that a segmenter sees."""
        self.columns[title] = self.classes(segmenter)

    def classes(self, segmenter: keras.Model) -> list[np.ndarray]:
        """The classes that a segmenter sees in each image, `(height, width)`."""
        return [
            np.argmax(
                keras.ops.convert_to_numpy(segmenter(image[None], training=False))[0],
                axis=-1,
            )
            for image in self.columns["image"]
        ]

    def pictures(self, cell_width: int | None = None) -> dict[str, Any]:
        """One picture an image and one of all, by file name.

        Args:
            cell_width: Width of an image in them. Defaults to `None`, as in `panel`.
        """
        style = (self.record.palette, self.record.classes)
        drawn = {}
        for number in range(len(self.columns["image"])):
            row = {k: cells[number : number + 1] for k, cells in self.columns.items()}
            drawn[f"{number + 1:02d}.png"] = panel(
                row,
                *style,
                ignore_class=self.record.ignore_class,
                cell_width=cell_width,
            )
        if drawn:
            drawn["all.png"] = panel(
                self.columns,
                *style,
                ignore_class=self.record.ignore_class,
                cell_width=cell_width,
            )
        return drawn
