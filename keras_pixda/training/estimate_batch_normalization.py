"""Statistics of batch normalisation, taken anew from photos."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_pixda.models.batch_normalization import batch_normalizations
from keras_pixda.typing import Tensor


def estimate_batch_normalization(segmenter: keras.Model, batches: Iterable) -> None:
    """Replace the running statistics of a network by those of given images.

    This is AdaBN: a network that was trained on one domain normalises by the statistics
    of another one. No label is looked at, and no other weight changes. The images pass
    through the network as in training, each batch normalised by its own statistics, but
    without dropout; mean and variance are over the pixels of all images, the variance
    within the batches and between them. With all images in one batch they are those of
    the activations that the network then has.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.training import estimate_batch_normalization

    segmenter = small_segmenter(num_classes=3, filters=4)
    photos = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3))
    before = segmenter.get_layer("stem_bn").moving_variance.numpy()
    estimate_batch_normalization(segmenter, [photos])
    assert not np.allclose(segmenter.get_layer("stem_bn").moving_variance, before)
    ```

    Args:
        segmenter: The `keras.Model`, which is changed.
        batches: Batches of RGB images `(batch, height, width, 3)`, 0..255, or of
            `(images, labels)`: a list, a `SegmentationDataset`, a `tf.data.Dataset`.

    Raises:
        ValueError: If the network has no batch normalisation, or there are no images.

    Reference:
        Li et al., [Revisiting Batch Normalization For Practical Domain
        Adaptation](https://arxiv.org/abs/1603.04779), ICLR workshops 2017.
    """
    layers = batch_normalizations(segmenter)
    if not layers:
        raise ValueError(
            f"The segmenter {segmenter.name!r} has no batch normalisation, whose "
            "statistics could be estimated."
        )
    measured = {id(layer): _Measured(layer) for layer in layers}
    with _called_instead(layers, measured):
        for images in _images_of(batches):
            segmenter(ops.cast(images, "float32"), training=False)
    if not any(moments.count for moments in measured.values()):
        raise ValueError(
            "Statistics of batch normalisation: expected images, received no batch."
        )
    for moments in measured.values():
        moments.assign()


@contextlib.contextmanager
def _called_instead(layers, measured):
    """Let layers do what their `_Measured` does."""
    try:
        for layer in layers:
            layer.call = measured[id(layer)].call
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("call", None)


def _images_of(batches: Iterable) -> Iterator[Any]:
    if isinstance(batches, keras.utils.PyDataset):
        batches = map(batches.__getitem__, range(batches.num_batches))
    for batch in batches:
        yield batch[0] if isinstance(batch, list | tuple) else batch


class _Measured:
    """A batch normalisation that normalises by its batch and adds up its moments."""

    def __init__(self, layer):
        self.layer = layer
        self.count, self.total, self.squares = 0, 0.0, 0.0

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        layer, x = self.layer, ops.cast(inputs, "float32")
        channels = layer.axis % len(x.shape)
        axes = [axis for axis in range(len(x.shape)) if axis != channels]
        mean, variance = ops.moments(x, axes)
        outputs = ops.batch_normalization(
            x, mean, variance, layer.axis, layer.beta, layer.gamma, layer.epsilon
        )
        count = int(np.prod([x.shape[axis] for axis in axes]))
        mean, variance = (
            ops.convert_to_numpy(value).astype("float64") for value in (mean, variance)
        )
        self.count += count
        self.total += count * mean
        self.squares += count * (variance + mean**2)
        return ops.cast(outputs, layer.compute_dtype)

    def assign(self) -> None:
        """Make the moments of all batches the running statistics of the layer."""
        if not self.count:  # The images never come here.
            return
        mean = self.total / self.count
        self.layer.moving_mean.assign(mean)
        self.layer.moving_variance.assign(self.squares / self.count - mean**2)
