"""What is looked at while a run trains."""

import pathlib

import keras

from keras_pixda.callbacks import PerClassIoU, PredictionImages
from keras_pixda.datasets import SegmentationDataset
from keras_pixda.runs.measured import Measured
from keras_pixda.runs.planned_phase import PlannedPhase
from keras_pixda.runs.run_folder import RunFolder


class Watch:
    """Callbacks that measure after each pass of any phase, and draw for TensorBoard.

    Example:

    ```python
    import pathlib
    from keras_pixda.runs import PlannedPhase, Watch

    facts = {"classes": ["road", "car"], "ignore_class": 255, "well": ["road"]}
    watch = Watch(pathlib.Path("run"), validation=[], facts=facts)
    planned = PlannedPhase("source only", 9, "source_only.keras", "iou.csv", plain=True)
    [per_class_iou], _ = watch(planned)
    assert per_class_iou.csv == pathlib.Path("run/iou.csv")
    ```

    Args:
        folder: The `RunFolder`.
        validation: The `SegmentationDataset` to measure on.
        facts: What `classes.json` holds.
        log_dir: Folder for TensorBoard. Defaults to `None`, nothing is written for it.
        verbose: Whether to print a line after each pass. Defaults to `True`.
        measured: The `Measured` that notes each result. Defaults to `None`, nothing.
    """

    def __init__(
        self,
        folder: RunFolder,
        validation: SegmentationDataset,
        facts: dict,
        log_dir: str | pathlib.Path | None = None,
        verbose: bool = True,
        measured: Measured | None = None,
    ):
        self.folder = folder
        self.validation = validation
        self.facts = facts
        self.log_dir = log_dir
        self.verbose = verbose
        self.measured = measured

    def __call__(self, planned: PlannedPhase) -> tuple[list, list]:
        """Callbacks to be called before a phase's own ones, and after them."""
        log_dir = self.log_dir and pathlib.Path(self.log_dir) / planned.name
        measuring, showing = [self._per_class_iou(planned, log_dir)], []
        if self.verbose:
            showing.append(keras.callbacks.LambdaCallback(on_epoch_end=_say))
        if log_dir:  # What those before it added to the logs is written, too.
            showing.append(self._prediction_images(log_dir))
            showing.append(keras.callbacks.TensorBoard(str(log_dir)))
        return measuring, showing

    def _per_class_iou(self, planned, log_dir):
        return _PerClassIoU(
            self.measured,
            self.validation,
            self.facts["classes"],
            self.facts["ignore_class"],
            self.facts["well"],
            csv=self.folder / planned.iou_table,
            log_dir=log_dir,
            print_table=False,
        )

    def _prediction_images(self, log_dir):
        images, labels = self.validation[0]
        palette, classes = self.facts["palette"], self.facts["classes"]
        return PredictionImages(images, labels, palette, classes, log_dir=log_dir)


class _PerClassIoU(PerClassIoU):
    """The same, which tells what it has measured."""

    def __init__(self, measured, *args, **options):
        super().__init__(*args, **options)
        self.measured = measured

    def evaluate(self):
        result = super().evaluate()
        if self.measured is not None:
            self.measured.note(self.model, result)
        return result


def _say(epoch, logs):
    mean = 100 * logs["val_mean_iou"]
    print(f"Pass {epoch + 1}: mean IoU {mean:.1f} %", flush=True)
