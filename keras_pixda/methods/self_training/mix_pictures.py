"""One picture made of a labelled and another one, and strongly changed."""

from keras import ops

from keras_pixda.methods.self_training.class_mix import half_of_classes, pasted
from keras_pixda.methods.self_training.strong_changes import (
    blurred,
    changed_colours,
    mirrored,
)
from keras_pixda.typing import Tensor

# What is random in it, beside the classes: an even number in 0..1 for each picture.
RANDOM = ("flip", "brightness", "contrast", "saturation", "blur", "width")
# Standard deviations of the blur in pixels, the least and the most.
BLUR = 0.15, 1.15


def mix_pictures(
    above: tuple[Tensor, Tensor],
    below: tuple[Tensor, Tensor],
    counts: Tensor,
    random: dict[str, Tensor],
    colour: float = 0.5,
    blur: float = 0.5,
) -> tuple[Tensor, Tensor, Tensor]:
    """Half of the classes of one picture pasted into another, mirrored and changed.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.mix_pictures import RANDOM, mix_pictures

    above = np.full((1, 8, 8, 3), 200.0), np.full((1, 8, 8), 1)
    below = np.full((1, 8, 8, 3), 100.0), np.full((1, 8, 8), 0)
    random = {name: np.full(1, 0.5) for name in RANDOM}
    random["classes"] = np.full((1, 2), 0.5)
    counts = np.full((1, 8, 8), 0.7)
    images, labels, weights = mix_pictures(above, below, counts, random, 0, 0)
    # A picture of one class is pasted as a whole.
    assert np.all(images == 200) and np.all(labels == 1) and np.all(weights == 1)
    ```

    Args:
        above: Images `(batch, height, width, 3)`, 0..255, and their integer labels
            `(batch, height, width)`; half of their classes are pasted.
        below: Those that they are pasted into.
        counts: What the labels below count, `(batch, height, width)`, or
            `(batch, 1, 1)` for each picture as a whole.
        random: Even numbers in 0..1, `(batch,)` by each name of `RANDOM`, and
            `(batch, classes)` for `"classes"`.
        colour: Strength of the changes of brightness, contrast and saturation, 0 for
            none; as in `keras_pixda.datasets.augmentation`. Defaults to 0.5.
        blur: Share of the pictures that are blurred. Defaults to 0.5.

    Returns:
        Images, labels and what each pixel counts.
    """
    mask = half_of_classes(above[1], random["classes"])
    images, labels = (pasted(mask, *pair) for pair in zip(above, below, strict=True))
    weights = ops.where(mask, 1.0, counts)
    flips = random["flip"] < 0.5
    images, labels, weights = (mirrored(x, flips) for x in (images, labels, weights))
    if colour:
        brightness, contrast, saturation = (
            colour * (2 * random[name] - 1)
            for name in ("brightness", "contrast", "saturation")
        )
        brightness *= 255 / 2
        images = changed_colours(images, brightness, 1 + contrast, 1 + saturation)
    if blur:
        width = BLUR[0] + (BLUR[1] - BLUR[0]) * random["width"]
        images = blurred(images, ops.where(random["blur"] < blur, width, 0.0))
    return images, labels, weights
