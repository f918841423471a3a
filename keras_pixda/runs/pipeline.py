"""The phases of any method, each run once however often it is killed."""

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_pixda.callbacks import (
    ExactResume,
    HistoryCSV,
    Preempted,
    ProgressLine,
    StateFolder,
)
from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset
from keras_pixda.methods.registry import METHODS
from keras_pixda.models.batch_normalization import batch_normalizations
from keras_pixda.models.load_model import load_model
from keras_pixda.models.mix_weights import mix_weights
from keras_pixda.replicas import number_of_replicas
from keras_pixda.runs.guard import Guard
from keras_pixda.runs.planned_phase import PlannedPhase
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.run_plan import ADAPTED, RESULT, START, run_plan
from keras_pixda.runs.saved_phase import SavedPhase
from keras_pixda.runs.settings import Settings
from keras_pixda.runs.starting_segmenter import starting_segmenter
from keras_pixda.training.adapted_normalization import AdaptedNormalization
from keras_pixda.training.fit_steps import fit_steps
from keras_pixda.wrapped import wrapped

FACTS = "result.json"
# What is noted there of the choice between the start and what adaptation came to.
SETTLED = ("kept", "guard", "start_share")


class Pipeline:
    """Source only and the method of the settings, in a folder.

    A phase that has ended has left its file, and is not run again: its file brings its
    model back. One that was interrupted goes on from its last saved state. Both in the
    same process and in a later one the next phase begins with what the file holds, and
    so the end is the same to the last bit, see `keras_pixda.callbacks.ExactResume`.

    Example:

    ```python
    import tempfile
    from keras_pixda.datasets import cityscapes, gta5
    from keras_pixda.runs import Pipeline, RunFolder, Settings, few_shot_data
    from keras_pixda.toy_scenes import toy_scenes

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/gta5", target=f"cityscapes:{root}/cityscapes",
            method="fine_tuning", image_size=(32, 48), batch_size=2, source_steps=1,
            steps=1, distillation_steps=1,
        )
        records = gta5(f"{root}/gta5"), cityscapes(f"{root}/cityscapes")
        folder = RunFolder(f"{root}/run", settings)
        data = few_shot_data(settings, *records)
        pipeline = Pipeline(folder, data, settings, verbose=False)
        segmenter = pipeline.adapt(pipeline.start())
        assert folder.has("segmenter.keras")
        folder.close()
    ```

    Args:
        folder: The open `RunFolder`, or a part of one.
        data: The `FewShotDomainDataset` of the settings.
        settings: The `Settings` of the run.
        watch: Function of a `PlannedPhase` that returns two lists of further callbacks,
            to be called before the phase's own ones and after. Defaults to `None`, no
            more.
        verbose: Whether to show progress. Defaults to `True`.

    Attributes:
        result: What `result.json` holds; `"seconds"` says what each phase took,
            in all processes that were at it (of one that was killed, up to the end of
            its last pass), `"batches"` how many it trained on, fewer than planned where
            a method ended it early, and `"kept"` and `"guard"` what the `Guard`
            decided, if the settings have one.
    """

    def __init__(
        self,
        folder: RunFolder,
        data: FewShotDomainDataset,
        settings: Settings,
        watch: Callable[[PlannedPhase], tuple[list, list]] | None = None,
        verbose: bool = True,
    ):
        self.folder = folder
        self.data = data
        self.settings = settings
        self.watch = watch
        self.verbose = verbose
        self.guard = Guard(settings, data) if settings.data.guard else None
        self.result = {"seconds": {}, "batches": {}}
        if folder.has(FACTS):
            self.result |= folder.read_json(FACTS)

    def start(self) -> keras.Model:
        """The segmenter that the method starts from: source only, or given weights."""
        planned, *_ = run_plan(self.settings)
        if not self.folder.has(planned.file):
            keras.utils.set_random_seed(self.settings.training.seed)
            classes = len(self.data.source.classes)
            segmenter = starting_segmenter(self.settings, classes)
            _share_statistics(segmenter)
            self._run(METHODS[START], segmenter, [planned])
        return self._ended(planned)

    def adapt(self, start: keras.Model) -> keras.Model:
        """The segmenter that the method ends with, or the start if the guard keeps it.

        Args:
            start: The segmenter to start from; it may be trained on.
        """
        _, *plan = run_plan(self.settings)
        if not plan:  # Of Source Only.
            if not self.folder.has(RESULT):
                self._write_plain(RESULT, start)
            return start
        settles = self.guard or self.settings.training.start_share
        weights = start.get_weights() if settles else None
        if not self.folder.has(RESULT):
            # Of a run that was prolonged since.
            (self.folder / ADAPTED).unlink(missing_ok=True)
            self.result = {k: v for k, v in self.result.items() if k not in SETTLED}
            self._run(METHODS[self.settings.method], start, plan)
        segmenter = self._ended(plan[-1])
        if not settles or "kept" in self.result:
            return segmenter
        start.set_weights(weights)
        return self._settled(start, segmenter)

    def _settled(self, start, adapted):
        """The result of adaptation, the start, or what lies between them.

        It is noted last: what a kill has interrupted is done again.
        """
        share = self.settings.training.start_share
        if self.folder.has(ADAPTED):
            adapted = load_model(self.folder / ADAPTED)
        notes, result = {"kept": "adapted"}, adapted
        if share:
            result = load_model(self.folder / RESULT)
            result.set_weights(adapted.get_weights())
            mix_weights(result, start, share)
            notes = {"kept": "mixed", "start_share": share}
        if self.guard:
            notes["guard"] = self.guard.verdict(start, result)
            if notes["guard"].pop("harm"):
                notes["kept"], result = "start", start
        if result is not adapted:
            self._write_plain(ADAPTED, adapted)
            self._write_plain(RESULT, result)
            result = load_model(self.folder / RESULT)
        self.remember(**notes)
        if self.verbose and notes["kept"] == "start":
            before, after = (100 * notes["guard"][k] for k in ("start", "adapted"))
            text = (
                f"Adaptation has done harm: mean IoU on {notes['guard']['data']} was "
                f"{before:.1f} % before it and is {after:.1f} %. The start is kept as "
                f"{RESULT}; what adaptation came to is {ADAPTED}."
            )
            print(wrapped(text), flush=True)
        return result

    def remember(self, **values: Any) -> None:
        """Add to the result, in the folder too."""
        self.result = {**self.result, **values}
        self.folder.write(FACTS, self.result)

    # === Phases ===

    def _run(self, method, start, plan):
        normalization = AdaptedNormalization(
            start, method.batch_normalization(self.settings)
        )
        phases = method.phases(start, self.data, self.settings)
        for planned in plan:
            self._begin_anew()
            phase = next(phases, None)
            _expect(planned, phase, method)
            saved = SavedPhase(phase.model)
            if not self.folder.has(planned.file):
                if phase.steps:
                    self._fit(planned, phase)
                if planned.plain:
                    normalization.finish(phase.segmenter, self.data)
                    self._write_plain(planned.file, phase.segmenter)
                else:
                    self.folder.write(planned.file, phase.model)
            if planned is not plan[-1]:
                self._drop_state(planned)
                saved.restore(self.folder / planned.file)

    def _begin_anew(self):
        """Nothing of the phase before, or of no phase before it, is left."""
        keras.utils.set_random_seed(self.settings.training.seed)
        self.data.kept = np.arange(len(self.data.source))
        self.data.epoch = self.data.first_batch = 0

    def _fit(self, planned, phase):
        """Fit a phase to its end, from the last saved state."""
        spent = self.result["seconds"].get(planned.name, 0.0)
        started = time.monotonic()

        def note(*_):
            measured = {
                "seconds": round(spent + time.monotonic() - started, 1),
                "batches": (progress.done or begun) - begun,
            }
            notes = {
                name: {**self.result[name], planned.name: value}
                for name, value in measured.items()
            }
            self.remember(**notes)

        if isinstance(phase.data, SegmentationDataset):
            phase.data = phase.data.in_passes(self._pass_length())
        steps = phase.last_step
        begun = steps - phase.steps
        progress = ProgressLine(planned.title, steps, self.verbose)
        every = self.settings.training.save_every
        before, after = self.watch(planned) if self.watch else ([], [])
        if not self.verbose:
            for callback in phase.callbacks:
                callback.verbose = 0
        self.folder.path.mkdir(parents=True, exist_ok=True)
        history = HistoryCSV(self.folder / planned.history)
        callbacks = [
            ExactResume(self.folder / planned.state, every=every),
            progress,
            *before,
            *phase.callbacks,
            *after,
            history,
            # So that a run that is killed here keeps nearly all of them.
            keras.callbacks.LambdaCallback(on_epoch_end=note),
        ]
        try:
            fit_steps(phase.model, phase.data, steps, callbacks)
        except Preempted:
            note()
            raise
        finally:
            history.close()
        note()

    def _pass_length(self):
        """Batches a pass of data of one domain, at whose end it is looked at.

        As many as the source has, so that the curves of all methods can be laid side by
        side; of little data more, or most of the time would go into looking.
        """
        source = len(self.data.source) // self.data.batch_size
        return max(source, self.settings.training.save_every)

    def _ended(self, planned):
        """The segmenter that a phase has written, after which its end needs no state.

        What comes next begins with what the file holds, be it in the same process or,
        after a kill, in another one.
        """
        self._drop_state(planned)
        keras.utils.set_random_seed(self.settings.training.seed)
        segmenter = load_model(self.folder / planned.file)
        _share_statistics(segmenter)
        return segmenter

    def _write_plain(self, name, segmenter):
        """Write a segmenter, which is to be the same from however many devices."""
        _share_statistics(segmenter, False)
        self.folder.write(name, segmenter)
        _share_statistics(segmenter)

    def _drop_state(self, planned):
        StateFolder(self.folder / planned.state).drop_finished()


def _share_statistics(segmenter, shared=True):
    """Let batch normalisations see the whole batch, if replicas have parts of it."""
    if number_of_replicas() > 1:
        for layer in batch_normalizations(segmenter):
            layer.synchronized = shared


def _expect(planned, phase, method):
    """Raise if a method does something else than it has planned."""
    expected = planned.title, planned.steps
    received = phase and (phase.title, phase.steps)
    if received != expected:
        raise ValueError(
            f"{method.title} yields the phase {received}, expected {expected}, as its "
            "plan() says."
        )
