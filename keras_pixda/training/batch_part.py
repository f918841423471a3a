"""Training batches done in parts, exactly as in one."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.losses.pixel_cross_entropy import number_labelled
from keras_pixda.typing import Tensor


@dataclasses.dataclass(frozen=True)
class BatchPart:
    """Some images of every domain, and what their losses count in the whole batch.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import FocalLoss
    from keras_pixda.training.batch_part import BatchPart

    images = {name: np.zeros((4, 32, 32, 3)) for name in ("source", "target")}
    labels = {name: np.zeros((4, 32, 32)) for name in ("source", "target")}
    first, second = BatchPart.split(images, labels, parts=2)
    assert first.share(FocalLoss(), "source") == 0.5
    ```

    Args:
        images: Of the domains, each `(part of the batch, height, width, 3)`.
        labels: Of the labelled domains, each `(part of the batch, height, width)`; a
            model may have given labels to its unlabelled images.
        whole: Labels of the whole batch. Defaults to `None`, this is all of it.
        weights: Sample weights of the domains that have some. Defaults to none.
    """

    images: dict
    labels: dict
    whole: dict | None = None
    weights: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def split(cls, images: Any, labels: Any, parts: int, weights: Any = None) -> Any:
        """The parts of a batch, of equal size or nearly."""
        if parts == 1:
            return [cls(images, labels, weights=weights or {})]

        def cut(domains, part):
            return {name: cut_one(values, part) for name, values in domains.items()}

        def cut_one(values, part):
            size = ops.shape(values)[0]
            tf.debugging.assert_greater_equal(
                size, parts, f"A batch done in {parts} parts needs as many images."
            )
            return values[size * part // parts : size * (part + 1) // parts]

        return [
            cls(cut(images, n), cut(labels, n), labels, cut(weights or {}, n))
            for n in range(parts)
        ]

    def after(self, updates: Any) -> "BatchPart":
        """The same part, there once all gradients added so far are."""
        images, labels, weights = updates.after(
            (self.images, self.labels, self.weights)
        )
        return dataclasses.replace(self, images=images, labels=labels, weights=weights)

    def share(self, loss: Any = None, domain: str = "target") -> Tensor:
        """The factor that makes the means of all parts add up to that of the batch.

        Args:
            loss: The `keras.losses.Loss` that took the mean: over labelled pixels if it
                is Keras's with an `ignore_class`, or its `average_over` is
                `"labelled"`. Defaults to `None`, a mean over all pixels.
            domain: `"source"`, `"target"` or `"unlabelled"`. Defaults to `"target"`.

        Returns:
            A float32 scalar.

        Raises:
            ValueError: If the loss does not say which pixels its mean leaves out, or
                divides by the sample weights.
        """
        reduction = getattr(loss, "reduction", None)
        if self.whole is None or reduction == "sum":
            return 1.0
        if domain in self.weights and reduction == "mean_with_sample_weight":
            raise ValueError(
                f"The loss {loss.name!r} divides by the sample weights, which a batch "
                "in parts does not: take another reduction, or accumulate=1."
            )
        # As many images are in every domain, if not as many labels.
        counted = domain if domain in self.labels else "source"
        labels = self.labels[counted], self.whole[counted]
        sparse = isinstance(loss, keras.losses.SparseCategoricalCrossentropy)
        average_over = getattr(loss, "average_over", "labelled" if sparse else "all")
        ignored = getattr(loss, "ignore_class", None)
        if average_over == "labelled" and ignored is None and not sparse:
            raise ValueError(
                f"The loss {loss.name!r} takes its mean over some pixels only, so that "
                "a batch in parts has to know which: give the function the attribute "
                f"ignore_class, such as {loss.name}.ignore_class = 255."
            )
        if average_over != "all" and counted != domain:
            raise ValueError(
                f"The loss {loss.name!r} takes its mean over labelled pixels, but the "
                f"domain {domain!r} has no labels: add some in the model's mix()."
            )
        if average_over == "all" or ignored is None:
            part, whole = (ops.cast(ops.shape(x)[0], "float32") for x in labels)
            return part / whole
        # Keras's own losses know of the pixels of their replica only.
        over_replicas = not sparse and getattr(loss, "counts_over_replicas", True)
        part, whole = (number_labelled(x, ignored, over_replicas) for x in labels)
        return part / ops.maximum(whole, 1.0)

    def scaled(self, value: Tensor, loss: Any, domain: str = "target") -> Tensor:
        """This part of the batch's loss, a scalar to differentiate and to report.

        A loss that is not reduced is trained on by its sum and reported by its mean, as
        in `keras.Model`.

        Args:
            value: What the loss gave.
            loss: The `keras.losses.Loss`.
            domain: `"source"`, `"target"` or `"unlabelled"`. Defaults to `"target"`.

        Returns:
            A float32 scalar.
        """
        share = self.share(loss, domain)
        if not len(value.shape):
            return share * value
        total = ops.sum(value)
        gradient = total - ops.stop_gradient(total)  # And 0.
        return ops.stop_gradient(share * ops.mean(value)) + gradient
