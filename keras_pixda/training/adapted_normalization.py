"""Batch normalisation while a method adapts a network, and after it."""

import keras
import numpy as np

from keras_pixda.datasets import FewShotDomainDataset
from keras_pixda.models.batch_normalization import set_trainability, trainability
from keras_pixda.models.set_batch_normalization import set_batch_normalization
from keras_pixda.training.estimate_batch_normalization import (
    estimate_batch_normalization,
)
from keras_pixda.training.given_data import target_of_domains


class AdaptedNormalization:
    """What a setting does to the batch normalisations of an adapted network.

    Example:

    ```python
    from keras_pixda.models import small_segmenter
    from keras_pixda.training.adapted_normalization import AdaptedNormalization

    segmenter = small_segmenter(num_classes=3, filters=4)
    normalization = AdaptedNormalization(segmenter, "frozen")
    assert not segmenter.get_layer("stem_bn").trainable
    normalization.finish(segmenter, None)
    assert segmenter.get_layer("stem_bn").trainable
    ```

    Args:
        start: The network before its adaptation.
        mode: `"trained"`, as the network has them; `"fixed_scale"` or `"frozen"` as in
            `set_batch_normalization`; or `"target"`, whose statistics are in the end
            those of the target images.
    """

    def __init__(self, start: keras.Model, mode: str):
        self.mode = mode
        self.before = trainability(start)
        self.changed = mode in ("fixed_scale", "frozen")
        if self.changed:
            set_batch_normalization(start, mode)

    def finish(self, segmenter: keras.Model, data: FewShotDomainDataset) -> None:
        """Let the adapted network be trainable as the start was, with its statistics.

        Args:
            segmenter: The adapted network, the start itself or one with its layers.
            data: What it was adapted to: its shots and unlabelled images count, each
                once and as it is.
        """
        if self.changed:
            set_trainability(segmenter, self.before)
        if self.mode == "target":
            estimate_batch_normalization(segmenter, _target_images(data))


def _target_images(data):
    """Batches of all images of the target that a method has seen."""
    if len(data.target):
        shots = target_of_domains(data)
        for index in range(shots.num_batches):
            yield shots[index][0]
    pictures = range(0 if data.unlabelled is None else len(data.unlabelled))
    for start in range(0, len(pictures), data.batch_size):
        batch = pictures[start : start + data.batch_size]
        yield np.stack([data.read_unlabelled(index) for index in batch])
