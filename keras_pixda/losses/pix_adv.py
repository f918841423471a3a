"""The pixel-wise adversarial loss of PixDA."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_pixda.losses.domain import domain_loss
from keras_pixda.losses.float32_loss import Float32Loss
from keras_pixda.losses.pixel_cross_entropy import (
    MEANS,
    check_same_size,
    labelled_pixels,
    mean_over_labelled,
    pixel_cross_entropy,
    without_channel,
)
from keras_pixda.losses.refuse_wrong_labels import refuse_wrong_labels
from keras_pixda.typing import Tensor

AVERAGES = ("all", "labelled")
MAPS = ("surprise", "imbalance")
KEYS = ("segmentation", "discriminator")


def class_imbalance(
    labels: Tensor,
    ignore_class: int | None = 255,
    average_over: str = "all",
    num_classes: int = 256,
) -> Tensor:
    """How rare the class of each pixel is in its own image: the map B.

    `1 - count(class of the pixel) / number of pixels`, image by image.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import class_imbalance

    labels = np.array([[[0, 0, 0, 1]]], dtype="uint8")
    assert np.allclose(class_imbalance(labels), [[[0.25, 0.25, 0.25, 0.75]]])
    ```

    Args:
        labels: Integer classes, shape `(batch, height, width)`.
        ignore_class: Label of pixels that do not count, or `None`. Defaults to 255.
        average_over: `"all"` counts ignored pixels in the number of pixels, as the
            released code does; `"labelled"` leaves them out. Defaults to `"all"`.
        num_classes: Classes are `0..num_classes - 1`. Defaults to 256.

    Returns:
        A float32 tensor of the shape of `labels`, in 0..1.

    Raises:
        ValueError: If a label is neither a class nor `ignore_class`.
    """
    labels, _ = refuse_wrong_labels(without_channel(labels), num_classes, ignore_class)
    return _class_imbalance(labels, ignore_class, average_over, num_classes)


def _class_imbalance(labels, ignore_class, average_over, num_classes):
    labels = ops.cast(labels, "int32")
    batch, height, width = ops.shape(labels)
    pixels = height * width
    # Ignored pixels have a bin of their own after the classes, whatever their label.
    known = ops.logical_and(labels >= 0, labels < num_classes)
    known = ops.logical_and(known, labelled_pixels(labels, ignore_class))
    flat = ops.reshape(ops.where(known, labels, num_classes), (batch, pixels))
    # One histogram an image, as segments: under XLA a bincount recompiles every batch.
    bins = num_classes + 1
    first = ops.arange(batch, dtype="int32")[:, None] * bins
    segments = ops.reshape(first + flat, (-1,))
    counts = ops.segment_sum(ops.ones_like(segments), segments, batch * bins)
    counts = ops.reshape(ops.take(counts, segments), (batch, pixels))
    if average_over == "labelled":
        counted = ops.cast(labelled_pixels(labels, ignore_class), "int32")
        pixels = ops.maximum(ops.sum(counted, axis=(1, 2)), 1)[:, None]
    # float32: in half precision the weight of a rare class would round to 1.
    share = ops.cast(counts, "float32") / ops.cast(pixels, "float32")
    return ops.reshape(ops.maximum(1.0 - share, 0.0), ops.shape(labels))


def pix_adv_loss(
    labels: Tensor,
    segmentation_logits: Tensor,
    discriminator_logits: Tensor,
    ignore_class: int | None = 255,
    fool: int = 0,
    detach: bool = True,
    average_over: str = "all",
    maps: Sequence[str] = MAPS,
) -> Tensor:
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
    loss = pix_adv_loss(labels, logits, domain)
    assert np.allclose(loss, np.log(2) ** 2 * np.array([0.25, 0.25, 0.25, 0.75]))
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
    labels = without_channel(labels)
    domain_logits = ops.convert_to_tensor(discriminator_logits)
    check_same_size(labels, domain_logits, "discriminator logits")
    domain_logits = ops.reshape(domain_logits, ops.shape(labels))
    check_maps(maps)
    num_classes = segmentation_logits.shape[-1]
    values = domain_loss(domain_logits, fool)
    if "surprise" in maps:
        surprise = pixel_cross_entropy(labels, segmentation_logits, ignore_class)
        values *= ops.stop_gradient(surprise) if detach else surprise
    else:
        labels, wrong = refuse_wrong_labels(labels, num_classes, ignore_class)
        counted = ops.cast(labelled_pixels(labels, ignore_class), "float32")
        values *= ops.where(wrong, float("nan"), counted)
    if "imbalance" in maps:
        values *= _class_imbalance(labels, ignore_class, average_over, num_classes)
    return values


def check_maps(maps: Sequence[str]) -> None:
    """Raise if a map is unknown."""
    if isinstance(maps, str) or not set(maps) <= set(MAPS):
        raise ValueError(f"maps must be some of {MAPS}, received {maps!r}.")


@keras.saving.register_keras_serializable("keras_pixda")
class PixAdvLoss(Float32Loss):
    """Pixel-wise adversarial loss as a Keras loss: `pix_adv_loss`, averaged.

    It compares labels with the logits of the segmenter *and* of a pixel discriminator.
    Keras gives a loss one output, so in `compile` one output holds both, the channel of
    the discriminator last, and `num_classes` says so; the discriminator is frozen there
    and answers the segmenter's softmax. Lists of outputs do as well as dictionaries.

    Called by hand, the logits are the pair `(segmentation, discriminator)`, the
    dictionary `{"segmentation": ..., "discriminator": ...}`, or one such tensor. A
    model may also give the pair or the dictionary as one entry of its outputs, though
    Keras then takes no `metrics` for the others. Half-precision logits are compared in
    float32.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.losses import FocalLoss, PixAdvLoss

    images = keras.Input((4, 4, 3))
    segmentation = keras.layers.Conv2D(2, 1)(images)
    discriminator = keras.layers.Conv2D(1, 1, trainable=False)
    domain = discriminator(keras.layers.Softmax()(segmentation))
    both = keras.layers.Concatenate()([segmentation, domain])
    model = keras.Model(images, {"segmentation": segmentation, "both": both})
    model.compile(
        "sgd",
        loss={"segmentation": FocalLoss(), "both": PixAdvLoss(num_classes=2)},
        loss_weights={"segmentation": 1.0, "both": 0.1},
    )
    labels = np.zeros((1, 4, 4), dtype="uint8")
    labels[0, 0] = 1
    targets = {"segmentation": labels, "both": labels}
    model.fit(np.ones((1, 4, 4, 3)), targets, verbose=0)

    # By hand.
    pair = np.zeros((1, 4, 4, 2)), np.zeros((1, 4, 4, 1))
    loss = PixAdvLoss()(labels, pair)
    assert PixAdvLoss(num_classes=2)(labels, np.concatenate(pair, axis=-1)) == loss
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
        num_classes: Number of classes of the segmenter, to tell the two parts of one
            tensor of `num_classes + 1` channels. Defaults to `None`: the logits are a
            pair or a dictionary.
        reduction: As in every Keras loss; `None` gives the map. Defaults to
            `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"pix_adv_loss"`.
        dtype: Dtype of the value; everything inside is float32. Defaults to `None`,
            float32.

    Raises:
        ValueError: If `fool` is not 0 or 1, if `average_over` or a map is unknown, or
            if the logits do not come in one of these forms.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def __init__(
        self,
        ignore_class: int | None = 255,
        fool: int = 0,
        detach: bool = True,
        average_over: str = "all",
        maps: Sequence[str] = MAPS,
        num_classes: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "pix_adv_loss",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype)
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
        self.num_classes = num_classes

    def call(self, labels: Tensor, logits: Any) -> Tensor:
        """Loss of every pixel; `logits` are the segmenter's and the discriminator's."""
        if isinstance(labels, list | tuple | dict):
            raise ValueError(self._right_forms("labels", labels))
        segmentation_logits, discriminator_logits = self._pair(logits)
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
        if self.average_over == "labelled" and self.reduction in MEANS:
            values = mean_over_labelled(values, labels, self.ignore_class)
        return values

    def _pair(self, logits):
        """Logits of the segmenter and of the discriminator."""
        pair = ()
        if isinstance(logits, dict):
            if sorted(logits) == sorted(KEYS):
                pair = tuple(logits[key] for key in KEYS)
        elif isinstance(logits, list | tuple):
            pair = tuple(logits)
        elif self.num_classes is not None:
            pair = logits[..., :-1], logits[..., -1:]
        shapes = [tuple(getattr(part, "shape", ())) for part in pair]
        if [len(shape) for shape in shapes] not in ([4, 4], [4, 3]):
            raise ValueError(self._right_forms("logits", logits))
        classes, domain = shapes[0][-1], (*shapes[1], 1)[3]
        if domain != 1 or self.num_classes not in (None, classes):
            raise ValueError(self._right_forms("logits", logits))
        return pair

    def _right_forms(self, name, received):
        shapes = keras.tree.map_structure(lambda part: str(part.shape), received)
        return (
            f"{self.name} compares one map of labels with the logits of the segmenter "
            "and of the pixel discriminator together, but received "
            f"{name} of shape {shapes}"
            f"{'' if self.num_classes is None else f' for {self.num_classes} classes'}"
            ". In compile(), give the model one output that holds both, "
            "both = keras.layers.Concatenate()([segmentation_logits, "
            "discriminator_logits]), and give that output the loss "
            "PixAdvLoss(num_classes=...) and the labels. By hand: "
            "PixAdvLoss()(labels, (segmentation_logits, discriminator_logits)), or the "
            f"two in a dictionary with the keys {KEYS}."
        )

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this loss."""
        return {
            **super().get_config(),
            "ignore_class": self.ignore_class,
            "num_classes": self.num_classes,
            "fool": self.fool,
            "detach": self.detach,
            "average_over": self.average_over,
            "maps": list(self.maps),
        }
