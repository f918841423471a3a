"""The start, where adaptation has made it worse."""

import math
from typing import Any

import keras

from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset, load
from keras_pixda.runs.data_settings import SOURCE
from keras_pixda.runs.measure import measure
from keras_pixda.runs.settings import Settings

# Source images that are looked at, spread over all of them.
MOST = 100
# The share of the start's mean IoU on them that has to be kept: right about 13 of 16
# adaptations of one pair, see benchmarks/results/compare.md.
LEAST = 2 / 3


class Guard:
    """A judge between the segmenter that adaptation began with and its end.

    It looks at labelled data that are not those to evaluate on: the setting `guard`
    names them. On data of the target domain the end has to be no worse than the start.
    On the source images, where every adaptation to the target loses something, it has
    to keep two thirds of the start's mean IoU: who loses more has forgotten classes.

    Example:

    ```python
    import tempfile

    from keras_pixda.datasets import cityscapes, gta5
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import Guard, Settings, few_shot_data
    from keras_pixda.toy_scenes import toy_scenes

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=2, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/gta5", target=f"cityscapes:{root}/cityscapes",
            image_size=(32, 48), batch_size=2, guard="source",
        )
        data = few_shot_data(
            settings, gta5(f"{root}/gta5"), cityscapes(f"{root}/cityscapes")
        )
        segmenter = small_segmenter(19, filters=4)
        verdict = Guard(settings, data).verdict(segmenter, segmenter)
    assert not verdict["harm"]
    ```

    Args:
        settings: The `Settings` of the run.
        data: Its `FewShotDomainDataset`.

    Raises:
        ValueError: If the data named have other classes.
    """

    def __init__(self, settings: Settings, data: FewShotDomainDataset):
        self.name = settings.data.guard
        source = data.source
        if self.name == SOURCE:
            step = max(1, math.ceil(len(source) / MOST))
            record = source.select(range(0, len(source), step))
        else:
            record = load(self.name, evaluation=True)
            if record.classes != source.classes:
                raise ValueError(
                    f"guard {self.name}: expected the classes {[*source.classes]}, "
                    f"received {[*record.classes]}."
                )
        self.dataset = SegmentationDataset(
            record,
            4,
            settings.data.image_size,
            on_bad_file=settings.data.on_bad_file,
        )
        self.facts = {
            "classes": source.classes,
            "ignore_class": source.ignore_class,
            "well": (),
        }

    def verdict(self, start: keras.Model, adapted: keras.Model) -> dict[str, Any]:
        """Whether adaptation has done harm, and what says so.

        Args:
            start: The one before adaptation.
            adapted: The one after it.

        Returns:
            A dict: `data` that were looked at, the mean IoU of `start` and `adapted`
            on them, and `harm`, a boolean.
        """
        before, after = (
            measure(network, self.dataset, self.facts)["mean_iou"]
            for network in (start, adapted)
        )
        least = before * (LEAST if self.name == SOURCE else 1)
        return {
            "data": self.name,
            "start": before,
            "adapted": after,
            "harm": after < least,
        }
