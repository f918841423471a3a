"""What is looked at while a run trains."""

import pathlib

import keras

from keras_pixda.callbacks import PerClassIoU, PredictionImages
from keras_pixda.datasets import SegmentationDataset
from keras_pixda.methods.phase import Phase
from keras_pixda.runs.planned_phase import PlannedPhase
from keras_pixda.runs.run_folder import RunFolder


class Watch:
    """Callbacks that measure after each pass, and draw for TensorBoard.

    A phase over the data set of the run is measured after each of its passes. One with
    data of its own, a single pass over the shots or source images alone, is not: what
    it ends with is measured in any case.

    Example:

    ```python
    import keras
    from keras_pixda.methods import Phase
    from keras_pixda.runs import PlannedPhase, Watch

    watch = Watch("run", data=None, validation=None, facts={}, log_dir="logs")
    planned = PlannedPhase("source only", 9, "source_only.keras", "iou.csv", plain=True)
    before, after = watch(planned, Phase("source only", None, "other data", 9))
    assert before == []
    assert isinstance(after[0], keras.callbacks.TensorBoard)
    ```

    Args:
        folder: The `RunFolder`.
        data: The data set of the run.
        validation: The `SegmentationDataset` to measure on.
        facts: What `classes.json` holds.
        log_dir: Folder for TensorBoard. Defaults to `None`, nothing is written for it.
        verbose: Whether to print a line after each pass. Defaults to `True`.
    """

    def __init__(
        self,
        folder: RunFolder,
        data: keras.utils.PyDataset,
        validation: SegmentationDataset,
        facts: dict,
        log_dir: str | pathlib.Path | None = None,
        verbose: bool = True,
    ):
        self.folder = folder
        self.data = data
        self.validation = validation
        self.facts = facts
        self.log_dir = log_dir
        self.verbose = verbose

    def __call__(self, planned: PlannedPhase, phase: Phase) -> tuple[list, list]:
        """Callbacks to be called before a phase's own ones, and after them."""
        measuring, showing = [], []
        log_dir = self.log_dir and pathlib.Path(self.log_dir) / planned.name
        if phase.data is self.data:
            measuring = [self._per_class_iou(planned, log_dir)]
            if self.verbose:
                showing.append(keras.callbacks.LambdaCallback(on_epoch_end=_say))
            if log_dir:
                showing.append(self._prediction_images(log_dir))
        if log_dir:  # What those before it added to the logs is written, too.
            showing.append(keras.callbacks.TensorBoard(str(log_dir)))
        return measuring, showing

    def _per_class_iou(self, planned, log_dir):
        return PerClassIoU(
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


def _say(epoch, logs):
    mean = 100 * logs["val_mean_iou"]
    print(f"Pass {epoch + 1}: mean IoU {mean:.1f} %", flush=True)
