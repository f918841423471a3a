"""A method, from two data sets to an adapted segmenter."""

import contextlib
import os
import pathlib
import sys

import keras

from keras_pixda.datasets import PairCache, SegmentationDataset
from keras_pixda.methods.registry import METHODS
from keras_pixda.progress import Progress
from keras_pixda.runs.check_methods import check_methods
from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.few_shot_data import few_shot_data
from keras_pixda.runs.inputs import changes_since
from keras_pixda.runs.machine_folder import MachineFolder
from keras_pixda.runs.mask_warnings import mask_warnings
from keras_pixda.runs.measure import measure
from keras_pixda.runs.measured import Measured
from keras_pixda.runs.panels import Panels
from keras_pixda.runs.pipeline import Pipeline
from keras_pixda.runs.present_table import present_table
from keras_pixda.runs.prolong import prolong
from keras_pixda.runs.run_folder import CONFIG, expect_same_data
from keras_pixda.runs.run_plan import START, START_FILE
from keras_pixda.runs.run_records import RunRecords
from keras_pixda.runs.settings import Settings
from keras_pixda.runs.training_strategy import training_strategy
from keras_pixda.runs.watch import Watch

# What is decoded of the data to evaluate on, after every pass, stays in memory up to
# here: 1 100 images of 128x176 with labels of 480x360.
VALIDATION_BYTES = 2**28


def train(
    settings: Settings,
    folder: str | os.PathLike,
    resume: bool = False,
    overwrite: bool = False,
    verbose: bool = True,
    tensorboard: bool = False,
    repeats: str | os.PathLike | None = None,
) -> dict:
    """Train source only, then the method of the settings, and measure both.

    Every phase leaves its result in the folder and is not run again. A phase that was
    interrupted, at whatever moment, goes on from the last saved state and ends as it
    would have without the interruption, see `keras_pixda.callbacks.ExactResume`.

    A run that has ended may be resumed with more `source_steps`, `steps` or
    `distillation_steps`: the first phase that gets more goes on from its last saved
    state, at most `save_every` steps before its end, and the phases after it are made
    anew. With the same `decay_steps` it ends as a run with all the steps would have; a
    larger one, needed where the steps go beyond it, changes the rates from there on.
    The last state of each phase is kept for that in `state/`, which may be deleted.

    Example:

    ```python
    import tempfile
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.runs import Settings, train

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(f"{root}/data", source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/data/gta5",
            target=f"cityscapes:{root}/data/cityscapes", image_size=(32, 48),
            batch_size=2, source_steps=1, steps=1, distillation_steps=1, panels=1,
        )
        result = train(settings, f"{root}/run", verbose=False)
    assert "mean_iou" in result["adapted"]
    ```

    Args:
        settings: The `Settings` of the run.
        folder: Where to write: `segmenter.keras` (the result), `source_only.keras`,
            `pixda.keras` and the like (a phase that another one goes on from, with
            discriminators and optimizers), `history_*.csv`, `per_class_iou.csv`,
            `panels/`, `result.json`, `classes.json`, `config.json`, `manifest.json` and
            `state/`.
        resume: Whether to go on with the run in the folder, for more steps if the
            settings have more. Defaults to `False`.
        overwrite: Whether to replace it. Defaults to `False`.
        verbose: Whether to show progress and tables. Defaults to `True`.
        tensorboard: Whether to write losses, per-class IoU, kept source images,
            confusion matrices and predictions to `tensorboard/`, too. Defaults to
            `False`.
        repeats: Folder of the run whose settings these are; it is said how the data
            differ from its. Defaults to `None`.

    Returns:
        A dict with the IoU of `source_only` and `adapted`, in all, `well`, `under` and
        by class, and the `seconds` and `batches` of each phase.

    Raises:
        FileExistsError: If the folder holds a run and neither flag is given.
        BlockingIOError: If another run is at work in the folder.
        ValueError: If data or settings do not fit, or the data of a run that is to be
            resumed have changed; nothing has been trained then.
    """
    _refuse_earlier_version(pathlib.Path(folder, CONFIG), resume)
    keras.config.set_dtype_policy(settings.network.dtype)
    strategy = training_strategy(settings)
    with MachineFolder.of(strategy, folder) as machine:
        verbose = verbose and machine.writes
        run = _Run(settings, machine, resume, overwrite, verbose, tensorboard, repeats)
        with contextlib.closing(run.folder), strategy.scope():
            result = run.train()
            machine.together(lambda: None)  # None leaves before the others have ended.
            return result


def _refuse_earlier_version(config, resume):
    text = config.read_text("utf-8") if resume and config.exists() else ""
    if '"source_steps"' in text and '"training"' not in text:
        raise ValueError(
            f"{config.parent} holds a run of keras_pixda 0.1, which this version "
            "evaluates, exports and predicts with, but does not go on with: begin it "
            f"anew in another folder (--config {config})."
        )


class _Run:
    """One run: its data, its phases, what it shows."""

    def __init__(
        self, settings, machine, resume, overwrite, verbose, tensorboard, repeats
    ):
        self.settings = settings
        self.verbose = verbose
        # Data first: what does not fit is said before anything is written.
        files = machine.together(lambda: self._look_at_data(machine.path, resume))
        validation, unlabelled = self.records.validation, self.records.unlabelled
        self.validation = SegmentationDataset(
            validation,
            4,
            settings.data.image_size,
            cache=PairCache(max_bytes=VALIDATION_BYTES),
            on_bad_file=settings.data.on_bad_file,
        )
        self.folder = machine.open(settings, resume, overwrite, prolong)
        self.records.write(self.folder, files)
        if not self.folder.has("classes.json"):
            facts = class_facts(self.records.counted, verbose)
            facts["image_size"] = list(settings.data.image_size)
            self.folder.write("classes.json", facts)
        self.facts = self.folder.read_json("classes.json")
        log_dir = self.folder / "tensorboard" if tensorboard else None
        self.measured = Measured(settings.data.image_size)
        watch = Watch(
            self.folder, self.validation, self.facts, log_dir, verbose, self.measured
        )
        self.pipeline = Pipeline(self.folder, self.dataset, settings, watch, verbose)
        if repeats is not None and (changes := changes_since(repeats, files)):
            self.say(f"Not the data of {repeats}: {'; '.join(changes)}.")
        if self.folder.note:
            self.say(self.folder.note)
        shown = f"{len(self.dataset.target)} target images, "
        if unlabelled is not None:
            shown += f"{len(self.dataset.unlabelled)} unlabelled ones, "
        self.say(
            f"{len(self.dataset.source)} source images, {shown}{len(validation)} to "
            "evaluate on"
        )
        if self._unread and settings.data.unlabelled is not None:
            title = METHODS[settings.method].title
            self.say(f"{title} does not read the unlabelled images.")
        for warning in mask_warnings(self.records.records, self.facts):
            self.say(warning)
        shots = self.dataset.target if METHODS[settings.method].has_shots else None
        if overlap := self.records.overlap(shots):
            self.say(overlap)

    @property
    def _unread(self):
        """Whether there may be unlabelled images that the method does not look at."""
        method = METHODS[self.settings.method]
        return self.settings.data.has_shots and not method.reads_unlabelled

    def _look_at_data(self, folder, resume):
        """Find and check the data; returns what is noted of their files."""
        settings = self.settings
        if resume:
            expect_same_data(folder, settings)
        self.records = RunRecords(
            settings.change(unlabelled=None) if self._unread else settings,
            folder if resume else None,
            self.verbose,
        )
        if not (resume and (folder / START_FILE).exists()):
            check_methods([settings], len(self.records.source.classes))
        self.dataset = few_shot_data(
            settings,
            self.records.source,
            self.records.target,
            unlabelled=self.records.unlabelled,
        )
        files = self.records.inputs(self.dataset.target)
        if resume:
            self.records.expect_inputs(files, folder)
        self.records.check_heads(self.dataset.target)
        return files

    def train(self):
        """Run the phases, measure, draw; returns the result."""
        data, method = self.settings.data, METHODS[self.settings.method]
        panels = Panels(
            self.validation.record, self.settings.training.panels, data.image_size
        )
        segmenter = self.pipeline.start()
        before = after = self.evaluate(segmenter, METHODS[START].title)
        self.pipeline.remember(source_only=before)
        panels.add(METHODS[START].title, segmenter)
        segmenter = self.pipeline.adapt(segmenter)
        if method.name != START:
            after = self.evaluate(segmenter, method.title, before)
            panels.add(method.title, segmenter)
        self.pipeline.remember(adapted=after)
        for name, picture in panels.pictures().items():
            path = self.folder.write(f"panels/{name}", picture)
            if name == "all.png":
                self.say(f"Panels: {path}")
        left_out = self.records.write_report(self.folder, self.dataset, self.validation)
        if left_out:
            self.say(left_out)
        self.folder.seal()
        return self.pipeline.result

    def evaluate(self, segmenter, title, previous=None):
        """Per-class IoU on the validation data, shown as a table."""
        iou = self.measured.result(segmenter)
        if iou is None:
            progress = Progress("evaluation", len(self.validation), self.verbose)
            iou = measure(segmenter, self.validation, self.facts, progress)
        well, styled = self.facts["well"], sys.stdout.isatty()
        self.say(f"\n{present_table(iou, previous, well, title, styled)}\n")
        return iou

    def say(self, text):
        """Print unless the run is quiet."""
        if self.verbose:
            print(text, flush=True)
