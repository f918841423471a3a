"""The whole method, from two data sets to an adapted segmenter."""

import contextlib
import pathlib
import time

import keras

from keras_pixda.callbacks import (
    BadNumbers,
    ExactResume,
    HistoryCSV,
    PerClassIoU,
    PredictionImages,
    ProgressLine,
    StateFolder,
)
from keras_pixda.datasets import SegmentationDataset
from keras_pixda.methods import source_only
from keras_pixda.methods.pixda.pixda import pixda_model, sample_selection
from keras_pixda.models import find_segmenter
from keras_pixda.progress import Progress
from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.few_shot_data import few_shot_data
from keras_pixda.runs.mask_warnings import mask_warnings
from keras_pixda.runs.measure import measure
from keras_pixda.runs.panels import Panels
from keras_pixda.runs.phases import ADAPTATION, DISTILLATION, SOURCE_ONLY
from keras_pixda.runs.present_table import present_table
from keras_pixda.runs.prolong import prolong
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.run_records import RunRecords
from keras_pixda.runs.saved_run import load_model, load_weights
from keras_pixda.training.fit_steps import fit_steps, introduce
from keras_pixda.weights import load_pytorch


def train(
    settings, folder, resume=False, overwrite=False, verbose=True, tensorboard=False
):
    """Run source-only training, adaptation, selection and distillation.

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
    "mean_iou" in result["adapted"]  # True
    ```

    Args:
        settings: The `Settings` of the run.
        folder: Where to write: `segmenter.keras` (the result), `source_only.keras`,
            `pixda.keras` (with discriminators and optimizers), `history_*.csv`,
            `per_class_iou.csv`, `panels/`, `result.json`, `classes.json`,
            `config.json` and `state/`.
        resume: Whether to go on with the run in the folder, for more steps if the
            settings have more. Defaults to `False`.
        overwrite: Whether to replace it. Defaults to `False`.
        verbose: Whether to show progress and tables. Defaults to `True`.
        tensorboard: Whether to write losses, per-class IoU, kept source images,
            confusion matrices and predictions to `tensorboard/`, too. Defaults to
            `False`.

    Returns:
        A dict with the IoU of `source_only` and `adapted`, in all, `well`, `under` and
        by class, and the `seconds` that each phase took.

    Raises:
        FileExistsError: If the folder holds a run and neither flag is given.
        BlockingIOError: If another run is at work in the folder.
        ValueError: If data or settings do not fit; nothing has been trained then.
    """
    if settings.method != "pixda":
        raise ValueError(f"method is {settings.method!r}, expected 'pixda'.")
    keras.config.set_dtype_policy(settings.network.dtype)
    run = _Run(settings, folder, resume, overwrite, verbose, tensorboard)
    with contextlib.closing(run.folder):
        return _train(run, settings)


def _train(run, settings):
    segmenter = run.source_only()
    before = run.evaluate(segmenter, "source only")
    run.remember(source_only=before)
    panels = Panels(
        run.validation.record, settings.training.panels, settings.data.image_size
    )
    panels.add("source only", segmenter)
    model = run.adapt(segmenter)
    run.distil(model)
    after = run.evaluate(model.segmenter, "PixDA", before)
    run.remember(adapted=after)
    panels.add("PixDA", model.segmenter)
    for name, picture in panels.pictures().items():
        path = run.folder.write(f"panels/{name}", picture)
        if name == "all.png":
            run.say(f"Panels: {path}")
    left_out = run.records.write_report(run.folder, run.dataset, run.validation)
    if left_out:
        run.say(left_out)
    return run.result


class _Run:
    """The phases of one run, and what they share."""

    def __init__(self, settings, folder, resume, overwrite, verbose, tensorboard):
        self.settings = settings
        self.verbose = verbose
        # Data first: what does not fit is said before anything is written.
        self.records = RunRecords(
            settings, pathlib.Path(folder) if resume else None, verbose
        )
        whole_target, validation = self.records.target, self.records.validation
        self.dataset = few_shot_data(settings, self.records.source, whole_target)
        self.validation = SegmentationDataset(
            validation,
            4,
            settings.data.image_size,
            on_bad_file=settings.data.on_bad_file,
        )
        self.folder = RunFolder(folder, settings, resume, overwrite, prolong)
        self.log_dir = self.folder / "tensorboard" if tensorboard else None
        self.records.write(self.folder)
        self.result = {"seconds": {}}
        if self.folder.has("result.json"):
            self.result = self.folder.read_json("result.json")
        if not self.folder.has("classes.json"):
            facts = class_facts(whole_target, verbose)
            facts["image_size"] = list(settings.data.image_size)
            self.folder.write("classes.json", facts)
        self.facts = self.folder.read_json("classes.json")
        if self.folder.note:
            self.say(self.folder.note)
        self.say(
            f"{len(self.dataset.source)} source images, {len(self.dataset.target)} "
            f"target images, {len(validation)} to evaluate on"
        )
        for warning in mask_warnings(self.records.records, self.facts):
            self.say(warning)

    # === Phases ===

    def source_only(self):
        """A segmenter trained on source images alone, or the given weights."""
        settings = self.settings
        if not self.folder.has("source_only.keras"):
            keras.utils.set_random_seed(settings.training.seed)
            segmenter = starting_segmenter(settings, len(self.dataset.source.classes))
            if settings.network.weights is None:
                with self._phase(
                    SOURCE_ONLY, settings.training.source_steps
                ) as callbacks:
                    source_only(segmenter, self.dataset, settings, callbacks)
            self.folder.write("source_only.keras", segmenter)
        return self._result_of(SOURCE_ONLY)

    def adapt(self, segmenter):
        """A `PixDAModel` after adaptation with sample selection."""
        settings = self.settings
        if self.folder.has("pixda.keras"):
            return self._result_of(ADAPTATION)
        keras.utils.set_random_seed(settings.training.seed + 1)
        model = pixda_model(segmenter, settings)
        watchers = [
            PerClassIoU(
                self.validation,
                self.facts["classes"],
                self.facts["ignore_class"],
                self.facts["well"],
                csv=self.folder / "per_class_iou.csv",
                log_dir=self.log_dir and self.log_dir / "adaptation",
                print_table=False,
            ),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: self.say(
                    f"Pass {epoch + 1}: mean IoU {100 * logs['val_mean_iou']:.1f} %"
                )
            ),
        ]
        if settings["pixda"].selection:
            # Between the measuring and the line of each pass.
            watchers.insert(1, sample_selection(self.dataset, settings, self.verbose))
        if self.log_dir:
            images, labels = self.validation[0]
            watchers.append(
                PredictionImages(
                    images,
                    labels,
                    self.facts["palette"],
                    self.facts["classes"],
                    log_dir=self.log_dir / "adaptation",
                )
            )
        with self._phase(ADAPTATION, settings.training.steps, watchers) as callbacks:
            fit_steps(model, self.dataset, settings.training.steps, callbacks)
        self.folder.write("pixda.keras", model)
        return self._result_of(ADAPTATION)

    def distil(self, model):
        """Distil in place; a finished run is loaded instead."""
        steps = self.settings.training.distillation_steps
        if not self.folder.has("segmenter.keras"):
            if steps:
                data = self.dataset.target_dataset(steps=steps)
                done = int(model.optimizer.iterations)
                with self._phase(DISTILLATION, done + steps) as callbacks:
                    model.distill(
                        data,
                        weight=self.settings["pixda"].distillation_weight,
                        verbose=0,
                        shuffle=False,  # Keras's order is lost with the process.
                        callbacks=introduce([BadNumbers(), *callbacks], data),
                    )
            self.folder.write("segmenter.keras", model.segmenter)
        segmenter = self._result_of(DISTILLATION)
        model.segmenter.set_weights(segmenter.get_weights())

    @contextlib.contextmanager
    def _phase(self, phase, steps, watchers=()):
        """Callbacks of a phase, which is timed and goes on after an interruption."""
        started = time.monotonic()
        history = HistoryCSV(self.folder / phase.history)
        try:
            yield [
                ExactResume(
                    self.folder / phase.state, every=self.settings.training.save_every
                ),
                ProgressLine(phase.title, steps, self.verbose),
                *watchers,
                history,
                *self._tensorboard(phase.name),
            ]
        finally:
            history.close()
        self._took(phase.name, started)

    def _result_of(self, phase):
        """The model that a phase has written, after which its end needs no state.

        The next phase begins with what the file holds, be it in the same process or,
        after a kill, in another one.
        """
        StateFolder(self.folder / phase.state).drop_finished()
        keras.utils.set_random_seed(self.settings.training.seed)
        return load_model(self.folder / phase.file)

    def _tensorboard(self, name):
        """What those before it added to the logs is written, too."""
        if self.log_dir:
            yield keras.callbacks.TensorBoard(str(self.log_dir / name))

    # === Results ===

    def evaluate(self, segmenter, title, previous=None):
        """Per-class IoU on the validation data, shown as a table."""
        progress = Progress("evaluation", len(self.validation), self.verbose)
        iou = measure(segmenter, self.validation, self.facts, progress)
        self.say(f"\n{present_table(iou, previous, self.facts['well'], title)}\n")
        return iou

    def remember(self, **values):
        """Add to the result, in the folder too."""
        self.result = {**self.result, **values}
        self.folder.write("result.json", self.result)

    def say(self, text):
        """Print unless the run is quiet."""
        if self.verbose:
            print(text, flush=True)

    def _took(self, phase, started):
        earlier = self.result["seconds"].get(phase, 0.0)
        seconds = round(earlier + time.monotonic() - started, 1)
        self.remember(seconds={**self.result["seconds"], phase: seconds})


def starting_segmenter(settings, num_classes):
    """The segmenter of the settings, with the given weights if there are any."""
    weights = settings.network.weights
    if weights is not None and weights.endswith(".keras"):
        return load_model(weights)
    if weights is not None and weights.endswith((".pth", ".pt")):
        return load_pytorch(weights)
    segmenter = find_segmenter(settings.network.segmenter).build(num_classes)
    if weights is not None:
        load_weights(segmenter, weights)
    return segmenter
