"""The cells of a comparison: one method, number of shots and seed each."""

import functools
import shutil
from typing import Any

import keras
import tensorflow as tf
from PIL import Image

from keras_pixda.comparison.over_labelled import over_labelled
from keras_pixda.comparison.rows import ROWS
from keras_pixda.datasets import PairCache, SegmentationDataset, class_pixels
from keras_pixda.models.load_model import load_model
from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.few_shot_data import few_shot_data
from keras_pixda.runs.measure import measure
from keras_pixda.runs.panels import Panels
from keras_pixda.runs.pipeline import Pipeline
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.run_plan import START
from keras_pixda.runs.run_records import RunRecords
from keras_pixda.runs.settings import Settings
from keras_pixda.visualization.class_names import ABSENT_SHARE


class Cells:
    """The cells of one comparison, and what they share.

    Each is a run of the pipeline in a folder of its own, which is deleted when its
    result is written. The start of a seed, source only, is trained once.

    Example:

    ```python
    import tempfile
    from keras_pixda.comparison.cells import Cells
    from keras_pixda.runs import RunFolder, Settings
    from keras_pixda.toy_scenes import toy_scenes

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/gta5", target=f"cityscapes:{root}/cityscapes",
            image_size=(32, 48), batch_size=2, source_steps=1, panels=1,
        )
        folder = RunFolder(f"{root}/comparison", settings)
        cells = Cells(settings, folder, verbose=False)
        result = cells.result("source_only", shots=1, seed=0)
        folder.close()
    assert 0 <= result["iou"]["mean_iou"] <= 1
    ```

    Args:
        settings: The `Settings` of all; `shots` and `seed` are the cells'.
        folder: The open `RunFolder` of the comparison.
        records: Its `RunRecords`. Defaults to `None`, those that the folder notes.
        verbose: Whether to show progress. Defaults to `True`.
        strategy: The `tf.distribute.Strategy` that each trains under. Defaults to
            `None`, the one in force.
    """

    def __init__(
        self,
        settings: Settings,
        folder: RunFolder,
        records: RunRecords | None = None,
        verbose: bool = True,
        strategy: Any = None,
    ):
        keras.config.set_dtype_policy(settings.network.dtype)
        self.settings = settings
        self.folder = folder
        self.strategy = strategy or tf.distribute.get_strategy()
        self.records = records or RunRecords(settings, folder.path, verbose)
        self.records.write(folder)
        self.source, self.target = self.records.source, self.records.target
        self.cache = PairCache("memory")  # The cells decode each picture once.
        record = self.records.validation
        size = settings.data.image_size
        self.validation = SegmentationDataset(
            record, 4, size, cache="memory", on_bad_file=settings.data.on_bad_file
        )
        self.panels = Panels(record, settings.training.panels, size)
        if not folder.has("classes.json"):
            folder.write("classes.json", class_facts(self.records.counted, verbose))
        self.facts = folder.read_json("classes.json")

    def result(self, name: str, shots: int, seed: int) -> dict:
        """The result of a cell, from the folder if it is there.

        Args:
            name: Of its row.
            shots: Target images from each city.
            seed: Of its start, shots and order.

        Returns:
            A dict with `method`, `shots`, `seed`, `seconds`, `batches` (that its own
            phases trained on; not if one of them is of a version that did not count)
            and `iou`.
        """
        cell = f"cells/{name}_{shots}_{seed}"
        if not self.folder.has(f"{cell}.json"):
            with self.strategy.scope():
                self._run(cell, name, shots, seed)
            keras.backend.clear_session()  # Frees the graphs of the cell.
        self.clear(name, shots, seed)
        return self._finished(f"{cell}.json")

    def clear(self, name: str, shots: int, seed: int) -> None:
        """Delete what a cell needed to go on after an interruption."""
        for place in (f"cells/{name}_{shots}_{seed}", f"{START}/{seed}/state"):
            shutil.rmtree(self.folder / place, ignore_errors=True)

    def _run(self, cell, name, shots, seed):
        common = self.settings.change(shots=shots, seed=seed)
        pipeline = self._pipeline(f"{START}/{seed}", common)
        earlier = f"{START}/{seed}.keras"  # Of version 0.1.
        if self.folder.has(earlier):
            segmenter = load_model(self.folder / earlier)
        else:
            segmenter = pipeline.start()
        settings = ROWS[name].apply(common)
        if settings.method != START:
            pipeline = self._pipeline(cell, settings)
            segmenter = pipeline.adapt(segmenter)
        if seed == self.settings.training.seed:
            for number, classes in enumerate(self.panels.classes(segmenter)):
                picture = Image.fromarray(classes.astype("uint8"))
                self.folder.write(f"cells/{name}_{shots}_{number}.png", picture)
        seconds, batches = pipeline.result["seconds"], pipeline.result["batches"]
        result = {
            "method": name,
            "shots": shots,
            "seed": seed,
            "seconds": round(sum(seconds.values()), 1),
            "iou": measure(segmenter, self.validation, self.facts),
        }
        if set(batches) == set(seconds):  # Earlier versions did not count a phase's.
            result["batches"] = sum(batches.values())
        if "guard" in pipeline.result:
            result["guard"] = pipeline.result["guard"]
        self.folder.write(f"{cell}.json", result)

    def _pipeline(self, place, settings):
        records = self.source, self.target
        data = few_shot_data(settings, *records, self.cache, self.records.unlabelled)
        folder = self.folder.within(place)
        return Pipeline(folder, data, settings, verbose=False)

    def _finished(self, file):
        """A result from the folder, in the terms of this version."""
        result = self.folder.read_json(file)
        if ABSENT_SHARE not in result["iou"]:
            iou = over_labelled(result["iou"], self._labelled, self.facts["well"])
            result = {**result, "iou": iou}
            self.folder.write(file, result)
        return result

    @functools.cached_property
    def _labelled(self):
        """Names of the classes that the evaluation masks hold."""
        record = self.records.validation
        pixels = class_pixels(record, verbose=False).sum(axis=0)
        return [name for name, n in zip(record.classes, pixels, strict=True) if n]
