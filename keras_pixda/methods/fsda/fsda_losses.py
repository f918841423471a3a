"""The terms of FSDA's losses, for `FSDAModel`."""

from collections.abc import Sequence

from keras import ops

from keras_pixda.losses import domain_loss
from keras_pixda.losses.pixel_cross_entropy import standardize_labels
from keras_pixda.replicas import part_of_mean
from keras_pixda.typing import Tensor

# FSDA counts source as 1 and target as 0, the other way round from PixDA.
LIKE_SOURCE, LIKE_TARGET = 1.0, 0.0
# What the pair discriminator answers on two source maps, one of each, two target maps.
PAIR_SOURCE, PAIR_MIXED, PAIR_TARGET = 1.0, 0.0, -1.0


def ignore_certain_pixels(
    labels: Tensor, logits: Tensor, certainty: float, ignore_class: int | None
) -> Tensor:
    """Labels with pixels ignored whose largest probability is above `certainty`."""
    largest = ops.max(ops.softmax(ops.cast(logits, "float32")), axis=-1)
    return ops.where(largest > certainty, ignore_class, standardize_labels(labels))


def squared_error(answer: Tensor, wanted: float) -> Tensor:
    """Mean squared error against one number."""
    return part_of_mean(ops.square(answer - wanted))


def fooling_loss(pair_answers: Tensor, single_answers: Tensor) -> Tensor:
    """Adversarial loss of one level: the target is to pass for source."""
    _, mixed, target = pair_answers
    return (
        squared_error(target, PAIR_SOURCE)
        + 2.0 * squared_error(mixed, PAIR_SOURCE)
        + part_of_mean(domain_loss(single_answers[1], LIKE_SOURCE))
    )


def pair_discriminator_losses(pairs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Loss on source, mixed and target pairs, each the mean over the levels."""
    wanted = (PAIR_SOURCE, PAIR_MIXED, PAIR_TARGET)
    return tuple(
        sum(squared_error(level[i], wanted[i]) for level in pairs) / len(pairs)
        for i in range(3)
    )


def image_discriminator_losses(singles: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Loss on source and target maps, each the mean over the levels."""
    wanted = (LIKE_SOURCE, LIKE_TARGET)
    return tuple(
        sum(part_of_mean(domain_loss(level[i], wanted[i])) for level in singles)
        / len(singles)
        for i in range(2)
    )
