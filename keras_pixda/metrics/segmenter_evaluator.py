"""Per-class IoU of a segmenter over a data set."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_pixda.datasets import distribute_evaluation
from keras_pixda.freed_memory import keep_freed_memory
from keras_pixda.metrics.as_batches import as_batches
from keras_pixda.metrics.class_iou import ClassIoU
from keras_pixda.private_keras import BuiltModel
from keras_pixda.replicas import logs_of_machines, strategy_of
from keras_pixda.typing import Tensor


class SegmenterEvaluator(BuiltModel, keras.Model):
    """Measure the per-class IoU of a segmenter over a data set.

    The forward pass and the counting run in one compiled function that is traced once,
    however often `iou` is called; data loading is Keras's own, with its workers. The
    segmenter needs no loss and its compiled state is left alone, so it may be the model
    that is in training.

    Example:
    ```python
    import keras
    import numpy as np
    from keras_pixda.metrics import ClassIoU, SegmenterEvaluator

    segmenter = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 1)])
    dataset = [(np.zeros((1, 8, 8, 3)), np.zeros((1, 16, 16), "uint8"))]
    evaluator = SegmenterEvaluator(segmenter, ClassIoU(("road", "car")))
    iou = evaluator.iou(dataset)
    assert iou["road"] == iou["mean_iou"] == 1.0
    assert np.isnan(iou["car"])  # In no label.
    ```

    Args:
        segmenter: Keras model from images `(batch, height, width, 3)`, 0..255, to
            logits `(batch, h, w, classes)`.
        metric: A `ClassIoU`.
    """

    def __init__(self, segmenter: Any, metric: ClassIoU):
        # float32: a global half-precision policy would round the images.
        super().__init__(dtype="float32")
        self.segmenter = segmenter
        self.metric = metric
        self.compile(
            optimizer=None,
            run_eagerly=getattr(segmenter, "run_eagerly", False),
            jit_compile=getattr(segmenter, "jit_compile", "auto"),
        )

    def call(self, images: Tensor) -> Tensor:
        """Run the segmenter as in inference."""
        return self.segmenter(images, training=False)

    def compute_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        """Zero: there is nothing to train."""
        return keras.ops.zeros(())

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Count one batch."""
        self.metric.update_state(y, y_pred, sample_weight)
        return logs_of_machines({"mean_iou": self.metric.plain_result()["mean_iou"]})

    def iou(
        self,
        dataset: Any,
        verbose: int = 0,
        progress: Callable[[int, int], object] | None = None,
    ) -> dict[str, float]:
        """Evaluate over `dataset`.

        Args:
            dataset: `keras.utils.PyDataset`, `tf.data.Dataset`, list of batches
                `(images, labels)`, or the arrays `(images, labels)` of all images;
                labels are integers of any height and width. They may differ from batch
                to batch in a list and a `SegmentationDataset`; in a `PyDataset` of
                one's own Keras wants them to be the same.
            verbose: 0 or 1, whether to show Keras's progress bar. Defaults to 0.
            progress: Called as `progress(done, total)` after each batch. Defaults to
                `None`.

        Returns:
            Dict of floats, the entries of `ClassIoU.plain_result` in their order.

        Raises:
            TypeError: If `dataset` can be read only once.
            ValueError: If it holds no labelled pixel, or labels outside the classes.
        """
        if iter(dataset) is dataset:
            raise TypeError(
                "`dataset` is an iterator, which is empty after one evaluation; pass a "
                "PyDataset, a tf.data.Dataset or a list of batches."
            )
        dataset = as_batches(dataset)
        if isinstance(dataset, list):
            dataset = _Batches(dataset)
        batches, steps, strategy = dataset, None, strategy_of(self)
        if strategy is not None:
            batches, steps = distribute_evaluation(dataset, strategy)
        callbacks = []
        if progress is not None:
            total = steps or len(dataset)
            callbacks.append(
                keras.callbacks.LambdaCallback(
                    on_test_batch_end=lambda batch, logs: progress(batch + 1, total)
                )
            )
        keep_freed_memory()
        self.evaluate(batches, steps=steps, verbose=verbose, callbacks=callbacks)
        if not keras.ops.any(self.metric.matrix > 0):
            raise ValueError("The evaluation data hold no labelled pixel.")
        return {
            name: float(value) for name, value in self.metric.plain_result().items()
        }


class _Batches(keras.utils.PyDataset):
    """A list of batches in the form that `evaluate` reads."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    @property
    def mixed_sizes(self):
        """Whether batches differ in the size of images or labels."""
        sizes = ([np.shape(part)[1:3] for part in batch] for batch in self.batches)
        return len({tuple(shapes) for shapes in sizes}) > 1

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]
