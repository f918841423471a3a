"""The per-class IoU metric."""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_pixda.metrics.absent_share import absent_share
from keras_pixda.metrics.confusion_matrix import (
    UNKNOWN_COUNTERS,
    count_pixels,
    nan_if_unknown,
    raise_if_unknown,
)
from keras_pixda.metrics.count_dtype import count_dtype
from keras_pixda.metrics.iou_from_confusion import iou_from_confusion
from keras_pixda.metrics.labels_from_logits import labels_from_logits
from keras_pixda.metrics.log_name import log_name
from keras_pixda.typing import Tensor

_DEFAULT_NAME = "class_iou"
_RESERVED_NAMES = ("mean_iou", "well_iou", "under_iou", "absent_share", "loss")


# Not a keras.metrics.MeanIoU: that counts in int32, drops wrong labels unseen, needs
# predictions of the labels' size and gives one number.
@keras.saving.register_keras_serializable(package="keras_pixda")
class ClassIoU(keras.metrics.Metric):
    """Intersection over union of every class, from one confusion matrix.

    The result is a dict that Keras spreads into its logs: `mean_iou`, with `well` also
    `well_iou` and `under_iou` (each unless it has no class), `absent_share`, and one
    entry per class under the class's own name (spaces included). Values are fractions,
    0..1. The means are over the classes that have labelled pixels; a class without any
    is NaN whatever was predicted, and `absent_share` is the share of the pixels given
    to such classes. `keras.metrics.MeanIoU` differs in that: it counts a class that is
    only predicted as 0.

    A `name` goes before each entry: `ClassIoU(classes, name="aux")` gives
    `aux_mean_iou`. So does, in the logs, what Keras puts before the names of other
    metrics: the output's name where a model has several, and a number behind where two
    metrics share a name.

    Predictions are compared at the resolution of the labels: smaller or larger logits
    are resized bilinearly in float32 before the argmax. Counts are float64, exact up to
    2**53 pixels; under JAX float32 with seven digits, unless `jax_enable_x64` is set.

    A label that is neither a class nor `ignore_class` is an error. Inside a compiled
    function, where none can be raised, the pixel is counted apart, all results turn
    NaN, and the error follows as soon as `result()` runs outside of it, which
    `evaluate` and `fit` do at the end of each pass.

    Example:
    ```python
    import numpy as np
    from keras_pixda.metrics import ClassIoU

    metric = ClassIoU(("road", "traffic light", "sky"), well=("road",))
    labels = np.array([[[0, 0, 1, 255]]])
    predictions = np.array([[[0, 1, 1, 0]]])
    metric.update_state(labels, predictions)
    result = {name: float(value) for name, value in metric.result().items()}
    assert result["road"] == result["traffic light"] == result["mean_iou"] == 0.5
    assert result["well_iou"] == result["under_iou"] == 0.5
    assert np.isnan(result["sky"]) and result["absent_share"] == 0.0
    ```

    Args:
        classes: Class names; class `i` has label value `i`. Or their number, as in
            `keras.metrics.MeanIoU`: then class `i` is called `class_i`.
        ignore_class: Label value that is not counted, or `None`. Defaults to 255.
        well: Names or indices of the well-represented classes, see
            `well_represented`; `under_iou` is the mean of the rest. Defaults to `None`:
            neither is reported.
        per_class: Whether to report every class beside the means. Defaults to `True`.
        name: Name of the metric, and of its entries unless it is the default. Defaults
            to `"class_iou"`.
        dtype: Dtype of the result. Defaults to `keras.config.floatx()`.

    Raises:
        ValueError: If class names repeat or clash with another entry of the logs, if
            `ignore_class` is a class, if `well` names an unknown class, or if shapes,
            labels or predictions do not fit `classes`.
    """

    def __init__(
        self,
        classes: Sequence[str] | int,
        ignore_class: int | None = 255,
        well: Sequence[str | int] | None = None,
        name: str = _DEFAULT_NAME,
        dtype: Any = None,
        per_class: bool = True,
    ):
        super().__init__(name=name, dtype=dtype)
        self.classes = _names(classes)
        self.per_class = per_class
        self.ignore_class = ignore_class
        self.well = None if well is None else tuple(well)
        clashing = sorted(
            name
            for name in set(self.classes)
            if name in _RESERVED_NAMES or self.classes.count(name) > 1
        )
        if clashing:
            raise ValueError(
                f"Class names must differ from each other and from "
                f"{_RESERVED_NAMES}, received {clashing}."
            )
        if ignore_class is not None and 0 <= ignore_class < len(self.classes):
            raise ValueError(
                f"ignore_class={ignore_class} is also the class "
                f"{self.classes[ignore_class]!r}."
            )
        self._well = None if well is None else self._indices(self.well)
        size = len(self.classes)
        self.matrix = self.add_variable(
            (size, size), "zeros", dtype=count_dtype(), name="confusion_matrix"
        )
        self.unknown = self.add_variable(
            (UNKNOWN_COUNTERS,), "zeros", dtype=count_dtype(), name="unknown_labels"
        )

    @property
    def well_names(self) -> list[str] | None:
        """Names of the well-represented classes, or `None`."""
        return None if self.well is None else [self.classes[i] for i in self._well]

    @property
    def entries(self) -> list[str]:
        """Names of the entries of the plain result, in their order."""
        classes = self.classes if self.per_class else ()
        return ["mean_iou", *self._groups(), "absent_share", *classes]

    def _indices(self, well):
        indices = [
            self.classes.index(entry) if entry in self.classes else entry
            for entry in well
        ]
        for entry in indices:
            if isinstance(entry, str) or not 0 <= entry < len(self.classes):
                raise ValueError(
                    f"`well` holds {entry!r}, which is not one of the classes "
                    f"{self.classes} nor an index of one."
                )
        return [int(index) for index in indices]

    def update_state(
        self, labels: Tensor, logits: Tensor, sample_weight: Tensor | None = None
    ) -> None:
        """Count a batch.

        Args:
            labels: Integers `(batch, height, width)` or `(batch, height, width, 1)`:
                class ids or `ignore_class`.
            logits: Floats `(batch, h, w, classes)`; or integers, then class ids of the
                shape of `labels`.
            sample_weight: What a pixel `(batch, height, width)` or an image `(batch,)`
                counts. Defaults to 1.

        Raises:
            ValueError: If shapes or values do not fit.
        """
        labels = _without_channel(ops.convert_to_tensor(labels))
        logits = ops.convert_to_tensor(logits)
        if "int" in keras.backend.standardize_dtype(logits.dtype):
            predictions = _without_channel(logits)
        else:
            if len(logits.shape) != 4 or logits.shape[-1] != len(self.classes):
                raise ValueError(
                    f"Expected logits of shape (batch, height, width, "
                    f"{len(self.classes)}), one channel for each class, received "
                    f"{tuple(logits.shape)}."
                )
            predictions = labels_from_logits(logits, *ops.shape(labels)[1:3])
        label_shape, shape = tuple(labels.shape), tuple(predictions.shape)
        if len(label_shape) != len(shape) or any(
            None not in sizes and len(set(sizes)) == 2
            for sizes in zip(label_shape, shape, strict=True)
        ):
            raise ValueError(
                f"Labels of shape {label_shape} do not fit predictions of shape "
                f"{shape}."
            )
        if sample_weight is not None:
            sample_weight = _without_channel(ops.convert_to_tensor(sample_weight))
        matrix, unknown = count_pixels(
            labels, predictions, len(self.classes), self.ignore_class, sample_weight
        )
        raise_if_unknown(unknown, len(self.classes), self.ignore_class)
        self.matrix.assign_add(matrix)
        self.unknown.assign_add(unknown)

    def result(self) -> dict[str, Tensor]:
        """The IoU of everything counted since the last `reset_state`.

        Returns:
            Dict of scalars: `mean_iou`, with `well` also `well_iou` and `under_iou`,
            `absent_share`, and with `per_class` each class by name; a name of the
            metric, other than the default, goes before each.

        Raises:
            ValueError: If labels that are neither a class nor `ignore_class` were
                counted inside a compiled function.
        """
        key = log_name(self)
        prefix = key.removesuffix(_DEFAULT_NAME)
        if prefix == key:
            prefix = f"{key}_"
        return {f"{prefix}{name}": value for name, value in self.plain_result().items()}

    def plain_result(self) -> dict[str, Tensor]:
        """As `result`, whatever the name of the metric.

        Returns:
            Dict of scalars: `mean_iou`, with `well` also `well_iou` and `under_iou`,
            and with `per_class` each class by name.

        Raises:
            ValueError: As in `result`.
        """
        unknown = ops.copy(self.unknown)
        raise_if_unknown(unknown, len(self.classes), self.ignore_class)
        iou = iou_from_confusion(self.matrix)
        iou = ops.cast(nan_if_unknown(iou, unknown), self.dtype)
        share = nan_if_unknown(absent_share(self.matrix), unknown)
        result = {
            "mean_iou": ops.nanmean(iou),
            **{name: _mean_of(iou, group) for name, group in self._groups().items()},
            "absent_share": ops.cast(share, self.dtype),
        }
        if self.per_class:
            result |= {name: iou[i] for i, name in enumerate(self.classes)}
        return result

    def _groups(self):
        """Indices of the classes of the further means; a mean of nothing is none."""
        if self.well is None:
            return {}
        under = [i for i in range(len(self.classes)) if i not in self._well]
        groups = {"well_iou": self._well, "under_iou": under}
        return {name: group for name, group in groups.items() if group}

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this metric."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "ignore_class": self.ignore_class,
            "well": self.well,
            "per_class": self.per_class,
        }


def _names(classes):
    """Class names, from them or from their number."""
    if not isinstance(classes, numbers.Integral):
        return tuple(classes)
    if isinstance(classes, bool) or classes < 1:
        raise ValueError(
            f"`classes` must be class names or their number, received {classes!r}."
        )
    return tuple(f"class_{i}" for i in range(classes))


def _without_channel(tensor):
    if len(tensor.shape) == 4 and tensor.shape[-1] == 1:
        return ops.squeeze(tensor, axis=-1)
    return tensor


def _mean_of(iou, indices):
    return ops.nanmean(ops.take(iou, ops.array(indices, dtype="int32")))
