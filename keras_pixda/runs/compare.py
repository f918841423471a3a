"""All methods on one pair of data sets, over shots and seeds."""

import dataclasses
import time

import keras
import numpy as np

from keras_pixda import methods
from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset, load
from keras_pixda.metrics import ClassIoU, SegmenterEvaluator
from keras_pixda.progress import Progress
from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.saved_run import load_model
from keras_pixda.runs.train import starting_segmenter

# In the order of the published table.
METHODS = (
    "source_only",
    "naae",
    "joint_training",
    "fda",
    "fine_tuning",
    "fsda",
    "pixda",
)
TITLES = {
    "source_only": "Source Only",
    "naae": "NAAE (reconstruction)",
    "joint_training": "Joint Training",
    "fda": "FDA",
    "fine_tuning": "Fine-Tuning",
    "fsda": "FSDA",
    "pixda": "PixDA",
}


def compare(
    settings,
    folder,
    shots=(1, 3, 5),
    seeds=3,
    names=METHODS,
    resume=False,
    overwrite=False,
    verbose=True,
):
    """Run every method for every number of shots and every seed, and tabulate.

    For a seed, all methods start from the same source-only weights, see the source in
    the same order and the same shots, and may look at the same number of target
    batches. A finished cell is not run again; one that was interrupted is repeated.

    Example:

    ```python
    import tempfile
    from keras_pixda.datasets import toy_scenes
    from keras_pixda.runs import Settings, compare

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(f"{root}/data", source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/data/gta5",
            target=f"cityscapes:{root}/data/cityscapes", image_size=(32, 48),
            batch_size=2, source_steps=1, steps=1, distillation_steps=0,
        )
        table = compare(
            settings, f"{root}/comparison", shots=[1], seeds=1,
            names=["source_only", "fine_tuning"], verbose=False,
        )
    print(table)
    ```

    Args:
        settings: The `Settings` of all runs; its `shots` and `seed` are the cells'.
        folder: Where to write: `cells/*.json`, `results.json`, `results.csv` and
            `table.md`.
        shots: Numbers of target images from each city. Defaults to `(1, 3, 5)`.
        seeds: Number of seeds, counted from the settings' one. Defaults to 3.
        names: Methods to run, of `keras_pixda.methods`. Defaults to all seven.
        resume: Whether to go on with the comparison in the folder. Defaults to `False`.
        overwrite: Whether to replace it. Defaults to `False`.
        verbose: Whether to show progress. Defaults to `True`.

    Returns:
        The table, as Markdown.

    Raises:
        FileExistsError: If the folder holds a run and neither flag is given.
        ValueError: If a method is unknown, or data or settings do not fit.
    """
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise ValueError(f"Unknown methods {unknown}, expected some of {METHODS}.")
    keras.config.set_dtype_policy(settings.dtype)
    comparison = _Comparison(settings, folder, resume, overwrite, verbose)
    seeds = range(settings.seed, settings.seed + seeds)
    cells = [(n, k, seed) for seed in seeds for k in shots for n in names]
    # Source Only has no shots: one cell a seed.
    cells = [c for c in cells if c[0] != "source_only" or c[1] == shots[0]]
    progress = Progress("comparison", len(cells), verbose)
    results = []
    for done, cell in enumerate(cells, start=1):
        results.append(comparison.cell(*cell))
        progress(done, note=f"{cell[0]}, {cell[1]} shots, seed {cell[2]}")
    table = comparison.write(results, shots, names)
    if verbose:
        print(f"\n{table}")
    return table


class _Comparison:
    """The cells of one comparison, and what they share."""

    def __init__(self, settings, folder, resume, overwrite, verbose):
        self.settings = settings
        self.source = load(settings.source)
        self.target = load(settings.target)
        validation = settings.validation_record()
        self.validation = SegmentationDataset(validation, 4, settings.image_size)
        self.folder = RunFolder(folder, settings, resume, overwrite)
        if not self.folder.has("classes.json"):
            self.folder.write("classes.json", class_facts(self.target, verbose))
        self.facts = self.folder.read_json("classes.json")

    def cell(self, name, shots, seed):
        """The result of one method, from the folder if it is there."""
        file = f"cells/{name}_{shots}_{seed}.json"
        if self.folder.has(file):
            return self.folder.read_json(file)
        settings = dataclasses.replace(self.settings, shots=shots, seed=seed)
        dataset = self._dataset(settings)
        segmenter = self._start(settings, dataset)
        started = time.monotonic()
        if name != "source_only":
            keras.utils.set_random_seed(seed)
            segmenter = getattr(methods, name)(segmenter, dataset, settings)
        seconds = round(time.monotonic() - started, 1)
        metric = ClassIoU(
            self.facts["classes"], self.facts["ignore_class"], self.facts["well"]
        )
        iou = SegmenterEvaluator(segmenter, metric).iou(self.validation)
        cell = {"method": name, "shots": shots, "seed": seed, "seconds": seconds}
        self.folder.write(file, {**cell, "iou": iou})
        keras.backend.clear_session()  # Frees the graphs of the cell.
        return {**cell, "iou": iou}

    def _dataset(self, settings):
        return FewShotDomainDataset(
            self.source,
            self.target,
            settings.shots,
            settings.batch_size,
            settings.image_size,
            seed=settings.seed,
        )

    def _start(self, settings, dataset):
        """Source-only weights of a seed, trained once."""
        file = f"source_only/{settings.seed}.keras"
        if not self.folder.has(file):
            keras.utils.set_random_seed(settings.seed)
            segmenter = starting_segmenter(settings, len(self.source.classes))
            if settings.weights is None:
                methods.source_only(segmenter, dataset, settings)
            self.folder.write(file, segmenter)
        return load_model(self.folder / file)

    def write(self, results, shots, names):
        """Results as JSON and CSV, and the table."""
        self.folder.write("results.json", results)
        classes = list(results[0]["iou"])
        lines = [",".join(["method", "shots", "seed", "seconds", *classes])]
        for cell in results:
            facts = [cell[k] for k in ("method", "shots", "seed", "seconds")]
            values = [*facts, *(cell["iou"][name] for name in classes)]
            lines.append(",".join(map(str, values)))
        self.folder.write("results.csv", "\n".join(lines) + "\n")
        table = comparison_table(results, shots, names)
        self.folder.write("table.md", table + "\n")
        return table


def comparison_table(results, shots, names=METHODS):
    """Markdown in the shape of the published table, mean and spread over seeds.

    Example:

    ```python
    from keras_pixda.runs.compare import comparison_table

    iou = {"mean_iou": 0.5, "well_iou": 0.6, "under_iou": 0.4}
    cell = {"method": "pixda", "shots": 1, "seed": 0, "iou": iou}
    print(comparison_table([cell], shots=[1], names=["pixda"]))
    ```

    Args:
        results: Cells as `results.json` holds them.
        shots: The columns.
        names: The rows. Defaults to all seven methods.

    Returns:
        The table: mIoU / well / under in %, and the spread of mIoU over seeds.
    """
    lines = [
        "| method | " + " | ".join(f"{k}-shot" for k in shots) + " |",
        "|---" * (len(shots) + 1) + "|",
    ]
    for name in names:
        cells = []
        for k in shots:
            # Source Only has no shots: the same figures in every column.
            found = [
                cell["iou"]
                for cell in results
                if cell["method"] == name
                and (name == "source_only" or cell["shots"] == k)
            ]
            means = [
                100 * np.mean([iou[key] for iou in found])
                for key in ("mean_iou", "well_iou", "under_iou")
            ]
            spread = 100 * np.std([iou["mean_iou"] for iou in found])
            cells.append(" / ".join(f"{m:.1f}" for m in means) + f" (± {spread:.1f})")
        lines.append(f"| {TITLES[name]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
