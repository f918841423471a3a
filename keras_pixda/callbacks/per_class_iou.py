"""Per-class IoU after each epoch."""

import contextlib
import csv as csv_format
import math
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_pixda.metrics import ClassIoU, SegmenterEvaluator
from keras_pixda.metrics.as_batches import as_batches
from keras_pixda.replicas import is_chief, strategy_of
from keras_pixda.typing import FilePath, Logs
from keras_pixda.visualization import confusion_picture, iou_table, summary_writer
from keras_pixda.visualization.class_names import ABSENT_SHARE
from keras_pixda.whole_file import whole_file


class PerClassIoU(keras.callbacks.Callback):
    """Evaluate the per-class IoU after an epoch and show it as a table.

    The model in training is run over `dataset` at the resolution of its labels. The
    result is printed (IoU, change against the evaluation before, best so far), written
    to a CSV file and to TensorBoard, and added to the epoch's `logs` as
    `val_mean_iou`, `val_well_iou`, `val_under_iou`, `val_absent_share` and
    `val_<class>`, see `keras_pixda.metrics.ClassIoU`. Place this
    callback before those that read them, and give those the direction:
    `ModelCheckpoint(path, monitor="val_mean_iou", mode="max", save_best_only=True)`.
    As with Keras's `validation_freq`, epochs without evaluation add nothing to `logs`.

    After a restart the CSV file is continued: its rows give the change and the best so
    far, and an epoch that runs again replaces its row.

    Example:
    ```python
    import keras
    import numpy as np
    from keras_pixda.callbacks import PerClassIoU

    images = np.random.rand(2, 8, 8, 3).astype("float32")
    labels = np.random.randint(0, 2, (2, 8, 8)).astype("uint8")
    segmenter = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 1)])
    segmenter.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    per_class_iou = PerClassIoU([(images, labels)], classes=("road", "car"))
    segmenter.fit(images, labels, verbose=0, callbacks=[per_class_iou])
    assert 0 <= per_class_iou.best["mean_iou"] <= 1
    ```

    Args:
        dataset: `keras.utils.PyDataset`, `tf.data.Dataset`, list of batches
            `(images, labels)`, or the arrays `(images, labels)` of all images, as in
            `validation_data`: RGB images `(batch, height, width, 3)`, 0..255, and
            integer labels of any height and width. They may differ from batch to batch
            in a list and a `SegmentationDataset`; in a `PyDataset` of one's own Keras
            wants them to be the same.
        classes: Class names; class `i` has label value `i`.
        ignore_class: Label value that is not counted, or `None`. Defaults to 255.
        well: Names or indices of the well-represented classes, see
            `keras_pixda.metrics.well_represented`. Defaults to `None`: no means over
            them and over the rest.
        every: Evaluate at the end of every so many epochs. Defaults to 1.
        csv: File with one row for each evaluated epoch: its number, from 0 as in
            `keras.callbacks.CSVLogger`, and the IoUs as fractions. Defaults to `None`.
        log_dir: TensorBoard folder for the IoUs and a picture of the confusion matrix,
            for which the package `tensorboard` is needed. Defaults to `None`.
        print_table: Whether to print the table. Defaults to `True`.
        verbose: 0 or 1, whether to show a progress bar. Defaults to 0.

    Attributes:
        history: Dict from evaluated epoch to its result, a dict of fractions by name.
        best: Best fraction so far by name.

    Raises:
        ValueError: If `every` is less than 1, if a list holds no batches, if the
            arguments of `ClassIoU` do not fit, or if the CSV file belongs to other
            classes.
        ImportError: If `log_dir` is given and `tensorboard` is not installed.
    """

    def __init__(
        self,
        dataset: Any,
        classes: Sequence[str],
        ignore_class: int | None = 255,
        well: Sequence[str | int] | None = None,
        every: int = 1,
        csv: FilePath | None = None,
        log_dir: FilePath | None = None,
        print_table: bool = True,
        verbose: int = 0,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"`every` counts epochs from 1, received {every}.")
        self.dataset = as_batches(dataset)
        self.classes = tuple(classes)
        self.ignore_class = ignore_class
        self.well = None if well is None else tuple(well)
        self.every = every
        self.csv = None if csv is None else pathlib.Path(csv)
        self.log_dir = log_dir
        self.print_table = print_table
        self.verbose = verbose
        # Wrong arguments show now, not after an epoch of training.
        metric = self._metric()
        self._well_names, self._entries = metric.well_names, metric.entries
        self.history = {} if csv is None else self._read_csv()
        self.best = _best(self.history.values())
        self._writer = None if log_dir is None else summary_writer(log_dir)
        self._evaluator = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Evaluate, and add the result to `logs`."""
        if (epoch + 1) % self.every:
            return
        result = self.evaluate()
        earlier = {e: values for e, values in self.history.items() if e < epoch}
        previous = earlier[max(earlier)] if earlier else None
        self.best = _best([*earlier.values(), result])
        self.history = dict(sorted({**self.history, epoch: result}.items()))
        if logs is not None:
            logs.update({f"val_{name}": value for name, value in result.items()})
        # Read on all machines: it is the sum over them.
        matrix = keras.ops.convert_to_numpy(self._evaluator.metric.matrix)
        if not is_chief(strategy_of(self.model)):
            return
        if self.csv is not None:
            self._write_csv()
        if self._writer is not None:
            values = {f"iou/{name}": value for name, value in result.items()}
            self._writer.scalars(values, step=epoch)
            picture = confusion_picture(matrix, self.classes)
            self._writer.image("confusion", np.asarray(picture), step=epoch)
        if self.print_table:
            title = f"Epoch {epoch + 1}"
            styled = sys.stdout.isatty()
            table = iou_table(
                result, previous, self.best, self._well_names, title, styled
            )
            # The first newline leaves the line of the progress bar.
            print(f"\n{table}", flush=True)

    def evaluate(self) -> dict[str, float]:
        """Evaluate the model now.

        Returns:
            Dict of fractions, as of `keras_pixda.metrics.ClassIoU`; NaN for a class
            that no mask holds.
        """
        # Made once for each model, so that its compiled function is kept.
        if self._evaluator is None or self._evaluator.segmenter is not self.model:
            strategy = strategy_of(self.model)
            with contextlib.nullcontext() if strategy is None else strategy.scope():
                self._evaluator = SegmenterEvaluator(self.model, self._metric())
        return self._evaluator.iou(self.dataset, self.verbose)

    def get_state(self) -> dict[int, dict[str, float]]:
        """The history."""
        return self.history

    def set_state(self, state: Mapping | None) -> None:
        """Go back to a history, in the CSV file too."""
        self.history = {int(epoch): result for epoch, result in (state or {}).items()}
        self.best = _best(self.history.values())
        if self.csv is not None and is_chief(strategy_of(self.model)):
            self._write_csv()

    def _metric(self):
        return ClassIoU(self.classes, self.ignore_class, self.well)

    def _columns(self):
        return ["epoch", *self._entries]

    def _read_csv(self):
        if not self.csv.exists() or not self.csv.stat().st_size:
            return {}
        with self.csv.open(newline="", encoding="utf-8") as file:
            rows = csv_format.DictReader(file)
            if rows.fieldnames != self._columns():
                raise ValueError(
                    f"{self.csv} has the columns {rows.fieldnames}, expected "
                    f"{self._columns()}; give another file or move it away."
                )
            history = {}
            for row in rows:
                try:
                    epoch = int(row.pop("epoch"))
                    history[epoch] = {name: float(row[name]) for name in row}
                except (TypeError, ValueError) as error:
                    raise ValueError(
                        f"{self.csv}, line {rows.line_num}: expected an epoch and one "
                        f"number for each column, received {row}."
                    ) from error
            return history

    def _write_csv(self):
        with (
            whole_file(self.csv) as unfinished,
            unfinished.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv_format.DictWriter(file, self._columns())
            writer.writeheader()
            for epoch, result in self.history.items():
                writer.writerow({"epoch": epoch, **result})


def _best(results):
    """Largest IoU by name over results, leaving NaN out."""
    best = {}
    for result in results:
        for name, value in result.items():
            if name != ABSENT_SHARE and value > best.get(name, -math.inf):
                best[name] = value
    return best
