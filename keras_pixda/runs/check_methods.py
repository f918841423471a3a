"""Whether methods can do what is asked of them, before anything is trained."""

from collections.abc import Iterable

import keras
import tensorflow as tf

from keras_pixda.methods.registry import METHODS
from keras_pixda.plain_reason import plain_reason
from keras_pixda.runs.settings import Settings
from keras_pixda.runs.starting_segmenter import starting_segmenter

# Pixels that a size is made larger by, to find one that a network takes.
STEPS = range(0, 129, 32)


def check_methods(runs: Iterable[Settings], num_classes: int) -> None:
    """Ask the method of each run whether it can be trained so, on its network.

    Example:

    ```python
    from keras_pixda.runs import Settings, check_methods

    settings = Settings.preset(
        "small", source="gta5:a", target="cityscapes:b", method="naae", accumulate=2
    )
    try:
        check_methods([settings], num_classes=19)
    except ValueError as error:
        message = str(error)
    assert "accumulate is 2, expected 1" in message
    ```

    Args:
        runs: The `Settings` of each, which start from one network.
        num_classes: Number of classes.

    Raises:
        ValueError: If one cannot; the message names the method. If the network cannot
            take images of the size of the run.
    """
    start = None
    for settings in runs:
        data = settings.data
        METHODS[settings.method].check_data(data.has_shots, data.has_unlabelled)
        if start is None:
            keras.config.set_dtype_policy(settings.network.dtype)
            start = starting_segmenter(settings, num_classes)
            _try_size(start, settings.data.image_size)
        METHODS[settings.method].check(start, settings)


def _try_size(segmenter, image_size):
    error = _error_of_size(segmenter, image_size)
    if error is None:
        return
    # From the next multiples of 32 on; some networks need a least size besides.
    larger = ([-(-side // 32) * 32 + more for side in image_size] for more in STEPS)
    works = next((size for size in larger if not _error_of_size(segmenter, size)), None)
    hint = works and f", such as {works[0]} {works[1]}"
    raise ValueError(
        f"The segmenter {segmenter.name!r} takes no images of height {image_size[0]} "
        f"and width {image_size[1]}: choose another --image-size{hint or ''}. It says: "
        f"{plain_reason(error)}."
    ) from error


def _error_of_size(segmenter, image_size):
    try:
        # Traced alone: large images take a large network many seconds.
        tf.function(segmenter, autograph=False).get_concrete_function(
            tf.TensorSpec((1, *image_size, 3)), training=False
        )
    except Exception as error:  # Whatever its layers raise.
        return error
    return None
