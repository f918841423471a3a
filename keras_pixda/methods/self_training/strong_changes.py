"""Strong augmentation of a batch, on the device: colours, blur and mirroring."""

from keras import ops

from keras_pixda.typing import Tensor

# How much red, green and blue add to the brightness that is seen (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)
# Pixels to each side that a blur reaches.
_REACH = 3


def changed_colours(
    images: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor
) -> Tensor:
    """Images with changed brightness, contrast and saturation, each by its own amount.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.strong_changes import changed_colours

    image = np.array([[[[100.0, 50.0, 0.0]]]])
    gray = changed_colours(image, brightness=[10.0], contrast=[1.0], saturation=[0.0])
    assert np.allclose(gray, 0.299 * 100 + 0.587 * 50 + 10, atol=1e-3)
    ```

    Args:
        images: Shape `(batch, height, width, 3)`, 0..255.
        brightness: Grey levels to add, shape `(batch,)`.
        contrast: Factors on the distance from the mean brightness, shape `(batch,)`.
        saturation: Factors on the distance from grey, shape `(batch,)`.

    Returns:
        A float32 tensor of the shape of `images`, in 0..255.
    """
    images = ops.cast(images, "float32")
    brightness, contrast, saturation = (
        ops.reshape(ops.cast(x, "float32"), (-1, 1, 1, 1))
        for x in (brightness, contrast, saturation)
    )
    luma = ops.sum(images * ops.convert_to_tensor(_LUMA), axis=-1, keepdims=True)
    mean = ops.mean(luma, axis=(1, 2), keepdims=True)
    coloured = luma + saturation * (images - luma)
    return ops.clip(mean + contrast * (coloured - mean) + brightness, 0.0, 255.0)


def blurred(images: Tensor, deviation: Tensor) -> Tensor:
    """Images, each blurred by a Gaussian of its own width.

    It reaches 3 pixels to each side; the pixels at the edges go on beyond them.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.strong_changes import blurred

    images = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 3))
    assert np.allclose(blurred(images, [0.0]), images, atol=1e-3)
    assert np.std(blurred(images, [1.0])) < np.std(images)
    ```

    Args:
        images: Shape `(batch, height, width, 3)`.
        deviation: Standard deviations in pixels, shape `(batch,)`; 0 blurs nothing.

    Returns:
        A float32 tensor of the shape of `images`.
    """
    images = ops.cast(images, "float32")
    height, width = ops.shape(images)[1:3]
    deviation = ops.maximum(ops.cast(deviation, "float32"), 1e-3)[:, None]
    places = ops.arange(-_REACH, _REACH + 1, dtype="float32")
    weights = ops.exp(-0.5 * (places / deviation) ** 2)
    weights /= ops.sum(weights, axis=-1, keepdims=True)

    def along(axis, size, images):
        first, last = (0, 1), (size - 1, size)
        before, after = (
            ops.repeat(_between(images, axis, *edge), _REACH, axis)
            for edge in (first, last)
        )
        longer = ops.concatenate([before, images, after], axis)
        return sum(
            weights[:, n, None, None, None] * _between(longer, axis, n, n + size)
            for n in range(2 * _REACH + 1)
        )

    return along(2, width, along(1, height, images))


def mirrored(values: Tensor, flips: Tensor) -> Tensor:
    """Images or maps, some of them mirrored left to right.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.strong_changes import mirrored

    labels = np.array([[[0, 1]], [[2, 3]]])
    assert np.array_equal(mirrored(labels, [True, False]), [[[1, 0]], [[2, 3]]])
    ```

    Args:
        values: Shape `(batch, height, width)`, with channels or without.
        flips: Which of them to mirror, booleans of shape `(batch,)`.
    """
    flips = ops.reshape(
        ops.convert_to_tensor(flips), (-1, *[1] * (len(values.shape) - 1))
    )
    return ops.where(flips, ops.flip(values, axis=2), values)


def _between(images, axis, start, stop):
    return images[:, start:stop] if axis == 1 else images[:, :, start:stop]
