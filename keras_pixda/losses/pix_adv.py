"""The pixel-wise adversarial loss of PixDA."""

import keras
from keras import ops

from keras_pixda.losses.domain import domain_loss
from keras_pixda.losses.pixel_cross_entropy import (
    check_same_size,
    labelled_pixels,
    mean_over_labelled,
    pixel_cross_entropy,
    standardize_labels,
)

AVERAGES = ("all", "labelled")
MAPS = ("surprise", "imbalance")


def class_imbalance(labels, ignore_class=255, average_over="all"):
    """How rare the class of each pixel is in its own image: the map B.

    `1 - count(class of the pixel) / number of pixels`, image by image.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import class_imbalance

    labels = np.array([[[0, 0, 0, 1]]], dtype="uint8")
    class_imbalance(labels)  # [[[0.25, 0.25, 0.25, 0.75]]]
    ```

    Args:
        labels: Integer classes in 0..255, shape `(batch, height, width)`.
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.
        average_over: `"all"` counts ignored pixels in the number of pixels, as the
            released code does; `"labelled"` leaves them out. Defaults to `"all"`.

    Returns:
        A float32 tensor of the shape of `labels`, in 0..1.
    """
    labels = standardize_labels(labels)
    batch, height, width = ops.shape(labels)
    pixels = height * width
    # Labels are bytes on disk; clipping keeps the histogram of a wrong one bounded.
    flat = ops.clip(ops.reshape(labels, (batch, pixels)), 0, 255)
    # One histogram an image, as segments: under XLA a bincount recompiles every batch.
    segments = ops.reshape(
        ops.arange(batch, dtype="int32")[:, None] * 256 + flat, (-1,)
    )
    counts = ops.segment_sum(ops.ones_like(segments), segments, batch * 256)
    counts = ops.reshape(ops.take(counts, segments), (batch, pixels))
    if average_over == "labelled":
        counted = ops.cast(labelled_pixels(labels, ignore_class), "int32")
        pixels = ops.maximum(ops.sum(counted, axis=(1, 2)), 1)[:, None]
    # float32: in half precision the weight of a rare class would round to 1.
    share = ops.cast(counts, "float32") / ops.cast(pixels, "float32")
    return ops.reshape(ops.maximum(1.0 - share, 0.0), ops.shape(labels))


def pix_adv_loss(
    labels,
    segmentation_logits,
    discriminator_logits,
    ignore_class=255,
    fool=0,
    detach=True,
    average_over="all",
    maps=MAPS,
):
    """Pixel-wise adversarial loss, weighted by how badly and how rarely a pixel shows.

    `A * S * B` of every pixel of a labelled target image: A, binary cross-entropy of
    the discriminator against the domain it should be fooled into; S, cross-entropy of
    the pixel against its label; B, `class_imbalance`. The logits of the discriminator
    must have been computed from the segmenter's softmax for A to have a gradient
    towards the segmenter.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import pix_adv_loss

    labels = np.array([[[0, 0, 0, 1]]], dtype="uint8")
    logits = np.zeros((1, 1, 4, 2), dtype="float32")
    domain = np.zeros((1, 1, 4, 1), dtype="float32")
    pix_adv_loss(labels, logits, domain)  # log(2) * log(2) * [[[0.25, ..., 0.75]]]
    ```

    Args:
        labels: Integer classes of the target images, shape `(batch, height, width)`.
        segmentation_logits: Shape `(batch, height, width, classes)`.
        discriminator_logits: One domain logit a pixel, before the sigmoid, shape
            `(batch, height, width, 1)` or `(batch, height, width)`.
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.
        fool: Domain label that the pixels should be taken for: 0 source, 1 target.
            Defaults to 0.
        detach: Whether S only weighs, so that no gradient flows through it, as in the
            paper's text. `False` is the released code. Defaults to `True`.
        average_over: `"all"` pixels, as in the released code, or the `"labelled"` ones,
            in the counts of B. Defaults to `"all"`.
        maps: Which maps weigh A: `"surprise"` is S, `"imbalance"` is B. Defaults to
            both.

    Returns:
        A float32 tensor of shape `(batch, height, width)`, 0 on ignored pixels.

    Raises:
        ValueError: If sizes differ or a label is no class.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """
    labels = standardize_labels(labels)
    domain_logits = ops.convert_to_tensor(discriminator_logits)
    check_same_size(labels, domain_logits, "discriminator logits")
    domain_logits = ops.reshape(domain_logits, ops.shape(labels))
    check_maps(maps)
    values = domain_loss(domain_logits, fool)
    if "surprise" in maps:
        surprise = pixel_cross_entropy(labels, segmentation_logits, ignore_class)
        values *= ops.stop_gradient(surprise) if detach else surprise
    else:
        values *= ops.cast(labelled_pixels(labels, ignore_class), "float32")
    if "imbalance" in maps:
        values *= class_imbalance(labels, ignore_class, average_over)
    return values


def check_maps(maps):
    """Raise if a map is unknown."""
    if isinstance(maps, str) or not set(maps) <= set(MAPS):
        raise ValueError(f"maps must be some of {MAPS}, received {maps!r}.")


@keras.saving.register_keras_serializable("keras_pixda")
class PixAdvLoss(keras.losses.Loss):
    """Pixel-wise adversarial loss as a Keras loss: `pix_adv_loss`, averaged.

    Use it in any Keras model with a pixel discriminator. Half-precision logits give a
    float32 loss.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import PixAdvLoss

    labels = np.array([[[0, 0, 0, 1]]], dtype="uint8")
    segmentation_logits = np.zeros((1, 1, 4, 2), dtype="float32")
    discriminator_logits = np.zeros((1, 1, 4, 1), dtype="float32")
    loss = PixAdvLoss()(labels, (segmentation_logits, discriminator_logits))
    ```

    Args:
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.
        fool: Domain label that the pixels should be taken for: 0 source, 1 target.
            Defaults to 0.
        detach: Whether the cross-entropy map only weighs (the paper) or also takes part
            in the gradient (`False`, the released code). Defaults to `True`.
        average_over: Mean over `"all"` pixels, ignored ones included, as in the
            released code, or over the `"labelled"` ones. Defaults to `"all"`.
        maps: Which maps weigh the adversarial loss of a pixel: `"surprise"`, how
            badly it shows, and `"imbalance"`, how rarely. Defaults to both.
        reduction: As in every Keras loss; `None` gives the map. Defaults to
            `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"pix_adv_loss"`.

    Raises:
        ValueError: If `fool` is not 0 or 1, or if `average_over` or a map is unknown.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def __init__(
        self,
        ignore_class=255,
        fool=0,
        detach=True,
        average_over="all",
        maps=MAPS,
        reduction="sum_over_batch_size",
        name="pix_adv_loss",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        if fool not in (0, 1):
            raise ValueError(f"fool must be 0 (source) or 1 (target), received {fool}.")
        if average_over not in AVERAGES:
            raise ValueError(
                f"average_over must be one of {AVERAGES}, received {average_over!r}."
            )
        check_maps(maps)
        self.maps = tuple(maps)
        self.ignore_class = ignore_class
        self.fool = fool
        self.detach = detach
        self.average_over = average_over

    def call(self, labels, logits):
        """Loss of every pixel; `logits` is the pair (segmentation, discriminator)."""
        segmentation_logits, discriminator_logits = logits
        values = pix_adv_loss(
            labels,
            segmentation_logits,
            discriminator_logits,
            ignore_class=self.ignore_class,
            fool=self.fool,
            detach=self.detach,
            average_over=self.average_over,
            maps=self.maps,
        )
        if self.average_over == "labelled" and self.reduction == "sum_over_batch_size":
            values = mean_over_labelled(values, labels, self.ignore_class)
        return values

    def get_config(self):
        """Arguments that rebuild this loss."""
        return {
            **super().get_config(),
            "ignore_class": self.ignore_class,
            "fool": self.fool,
            "detach": self.detach,
            "average_over": self.average_over,
            "maps": list(self.maps),
        }
