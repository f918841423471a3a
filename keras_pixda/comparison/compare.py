"""All methods on one pair of data sets, over shots and seeds."""

import concurrent.futures
import contextlib
import functools
import multiprocessing
import os
import time

import keras
import tensorflow as tf
from PIL import Image

from keras_pixda import methods
from keras_pixda.comparison.measured_how import measured_how
from keras_pixda.comparison.over_labelled import over_labelled
from keras_pixda.comparison.results import Results
from keras_pixda.comparison.rows import BEYOND, METHODS, ROWS
from keras_pixda.comparison.write_comparison import write_comparison
from keras_pixda.datasets import PairCache, SegmentationDataset, class_pixels
from keras_pixda.progress import Progress
from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.few_shot_data import few_shot_data
from keras_pixda.runs.measure import measure
from keras_pixda.runs.panels import Panels
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.run_records import RunRecords
from keras_pixda.runs.saved_run import load_model
from keras_pixda.runs.train import starting_segmenter
from keras_pixda.visualization.iou_table import ABSENT_SHARE


def compare(
    settings,
    folder,
    shots=(1, 3, 5),
    seeds=3,
    names=(*METHODS, *BEYOND),
    processes=1,
    resume=False,
    overwrite=False,
    verbose=True,
):
    """Run every method for every number of shots and every seed, and report.

    For a seed, all methods start from the same source-only weights, see the source in
    the same order and the same shots, and may look at the same number of target
    batches. A finished cell is not run again; one that was interrupted is repeated. A
    finished comparison may be resumed with more methods, shots or seeds.

    Example:

    ```python
    import tempfile
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.comparison import compare
    from keras_pixda.runs import Settings

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(f"{root}/data", source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/data/gta5",
            target=f"cityscapes:{root}/data/cityscapes", image_size=(32, 48),
            batch_size=2, source_steps=1, steps=1, distillation_steps=0, panels=1,
        )
        table = compare(
            settings, f"{root}/comparison", shots=[1], seeds=1,
            names=["source_only", "fine_tuning"], verbose=False,
        )
    print(table)
    ```

    Args:
        settings: The `Settings` of all runs; its `shots` and `seed` are the cells'.
        folder: Where to write: `report.html`, `table.md`, `figure.svg`, `panel.png`,
            `results.json`, `results.csv` and `cells/*.json`.
        shots: Numbers of target images from each city. Defaults to `(1, 3, 5)`.
        seeds: Number of seeds, counted from the settings' one. Defaults to 3.
        names: Rows to run, of `keras_pixda.comparison.rows.ROWS`. Defaults to the seven
            methods and PixDA+.
        processes: Cells to run at a time, each in a process with its share of the
            cores. Defaults to 1.
        resume: Whether to go on with the comparison in the folder. Defaults to `False`.
        overwrite: Whether to replace it. Defaults to `False`.
        verbose: Whether to show progress. Defaults to `True`.

    Returns:
        The table, as Markdown.

    Raises:
        FileExistsError: If the folder holds a run and neither flag is given.
        BlockingIOError: If another process is at work in the folder.
        ValueError: If a method is unknown, or data or settings do not fit.
    """
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise ValueError(f"Unknown methods {unknown}, expected some of {[*ROWS]}.")
    with contextlib.closing(RunFolder(folder, settings, resume, overwrite)) as folder:
        return _compare(settings, folder, shots, seeds, names, processes, verbose)


def _compare(settings, folder, shots, seeds, names, processes, verbose):
    comparison = _Comparison(settings, folder, verbose)
    every_seed = range(settings.training.seed, settings.training.seed + seeds)
    # Source Only has no shots: one cell a seed, and first, for all others start there.
    starts = [("source_only", shots[0], seed) for seed in every_seed]
    cells = [
        (name, k, seed)
        for seed in every_seed
        for k in shots
        for name in names
        if name != "source_only"
    ]
    progress = Progress("comparison", len(starts) + len(cells), verbose)
    results = {}
    for stage in (starts, cells):
        for cell, result in _run(stage, comparison, processes):
            results[cell] = result
            note = f"{cell[0]}, {cell[1]} shots, seed {cell[2]}"
            progress(len(results), note=note)
    done = [results[cell] for cell in (*starts, *cells) if cell[0] in names]
    table = write_comparison(
        folder,
        Results(done),
        titles={name: ROWS[name].title for name in names},
        shots=shots,
        title=f"{comparison.source.name} to {comparison.target.name}",
        facts=measured_how(settings, comparison.records, comparison.facts["well"]),
        panels=comparison.panels,
    )
    left_out = comparison.records.write_report(folder, comparison.validation)
    if verbose:
        print(f"\n{table}\n\nReport: {folder / 'report.html'}\n{left_out}")
    return table


def _run(cells, comparison, processes):
    """Cells and their results, as they are finished."""
    if processes == 1:
        for cell in cells:
            yield cell, comparison.cell(*cell)
        return
    threads = max(1, (os.cpu_count() or 1) // processes)
    pool = concurrent.futures.ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),  # TensorFlow does not survive a fork.
        initializer=_prepare,
        initargs=(comparison.settings, comparison.folder, threads),
    )
    try:
        coming = {pool.submit(_cell, cell): cell for cell in cells}
        for future in concurrent.futures.as_completed(coming):
            yield coming[future], future.result()
    except concurrent.futures.process.BrokenProcessPool as error:
        raise ChildProcessError(
            "A process of the comparison was killed, perhaps for memory: resume it, "
            "with fewer processes if it happens again."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare(settings, folder, threads):
    """Ready a process: its share of the cores, and the data."""
    global _comparison
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    _comparison = _Comparison(settings, folder, verbose=False)


def _cell(cell):
    return _comparison.cell(*cell)


class _Comparison:
    """The cells of one comparison, and what they share."""

    def __init__(self, settings, folder, verbose):
        keras.config.set_dtype_policy(settings.network.dtype)
        self.settings = settings
        self.folder = folder
        self.records = RunRecords(settings, folder.path, verbose)
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
            folder.write("classes.json", class_facts(self.target, verbose))
        self.facts = folder.read_json("classes.json")

    def cell(self, name, shots, seed):
        """The result of one method, from the folder if it is there."""
        file = f"cells/{name}_{shots}_{seed}.json"
        if self.folder.has(file):
            return self._finished(file)
        row = ROWS[name]
        common = self.settings.change(shots=shots, seed=seed)
        settings = row.apply(common)
        started = time.monotonic()
        segmenter = self._start(common)
        if row.method != "source_only":
            started = time.monotonic()
            keras.utils.set_random_seed(seed)
            dataset = self._data(settings)
            segmenter = getattr(methods, row.method)(segmenter, dataset, settings)
        seconds = round(time.monotonic() - started, 1)
        if seed == self.settings.training.seed:
            for number, classes in enumerate(self.panels.classes(segmenter)):
                picture = Image.fromarray(classes.astype("uint8"))
                self.folder.write(f"cells/{name}_{shots}_{number}.png", picture)
        result = {
            "method": name,
            "shots": shots,
            "seed": seed,
            "seconds": seconds,
            "iou": measure(segmenter, self.validation, self.facts),
        }
        self.folder.write(file, result)
        keras.backend.clear_session()  # Frees the graphs of the cell.
        return result

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

    def _data(self, settings):
        return few_shot_data(settings, self.source, self.target, self.cache)

    def _start(self, settings):
        """Source-only weights of a seed, trained once."""
        file = f"source_only/{settings.training.seed}.keras"
        if not self.folder.has(file):
            keras.utils.set_random_seed(settings.training.seed)
            segmenter = starting_segmenter(settings, len(self.source.classes))
            if settings.network.weights is None:
                dataset = self._data(settings)
                methods.source_only(segmenter, dataset, settings)
            self.folder.write(file, segmenter)
        return load_model(self.folder / file)
