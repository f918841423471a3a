"""Fourier style transfer: the look of one image on the content of another."""

import math
from typing import Any

import keras
from keras import ops

from keras_pixda.typing import Tensor

_EXPECTED_SHAPES = (
    "source and target images must have the same shape, four axes, one target image "
    "for each source image"
)


def fourier_style_transfer(
    source: Tensor,
    target: Tensor,
    window: float = 0.01,
    data_format: str = "channels_last",
) -> Tensor:
    """Give each source image the low-frequency amplitudes of its target image.

    Per channel, the centred `(2b + 1) x (2b + 1)` window of the source's amplitude
    spectrum, `b = floor(min(height, width) * window)`, is replaced by the target's; the
    phase stays. Only the window changes, so only the window is transformed: the result
    is the source plus the inverse transform of the window's difference, at the price of
    four slim matrix products instead of full transforms. Nothing is clipped.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import fourier_style_transfer

    source = np.full((1, 32, 32, 3), 200.0)
    target = np.full((1, 32, 32, 3), 50.0)
    assert np.allclose(fourier_style_transfer(source, target), 50.0, atol=1e-3)
    ```

    Args:
        source: Images, shape `(batch, height, width, channels)`, raw 0..255, of any
            dtype.
        target: Images of the same shape, the looks to take on: one for each source
            image.
        window: Half-width of the window as a share of the shorter side. Defaults
            to 0.01.
        data_format: `"channels_last"` or, for images `(batch, channels, height,
            width)`, `"channels_first"`; the images decide, not `keras.config`.
            Defaults to `"channels_last"`.

    Returns:
        A float32 tensor of the shape of `source`.

    Raises:
        ValueError: If the shapes differ, or if the images have another format than
            `data_format`. Where a compiled function learns a size only when it runs,
            TensorFlow's `InvalidArgumentError` with the same words.

    Reference:
        Yang and Soatto, [FDA: Fourier Domain Adaptation for Semantic
        Segmentation](https://arxiv.org/abs/2004.05498), CVPR 2020.
    """
    source, target = ops.cast(source, "float32"), ops.cast(target, "float32")
    _check_shapes(source.shape, target.shape, data_format)
    if data_format == "channels_first":
        pair = (ops.transpose(images, (0, 2, 3, 1)) for images in (source, target))
        styled = fourier_style_transfer(*pair, window)
        return ops.transpose(styled, (0, 3, 1, 2))
    source = _with_the_shape_of(target, source)
    height, width = ops.shape(source)[1:3]
    half = _half_width(height, width, window)
    waves = (_waves(half, height), _waves(half, width))
    source_real, source_imaginary = _spectrum(source, waves)
    target_real, target_imaginary = _spectrum(target, waves)
    amplitude = ops.sqrt(source_real**2 + source_imaginary**2)
    wanted = ops.sqrt(target_real**2 + target_imaginary**2)
    # No broadcasting of one target, also where XLA drops assertions.
    wanted = ops.reshape(wanted, ops.shape(amplitude))
    # A source amplitude of 0 has no phase: take phase 0, as a full transform would.
    silent = ops.equal(amplitude, 0.0)
    gain = wanted / ops.where(silent, 1.0, amplitude) - 1.0
    real = ops.where(silent, wanted, gain * source_real)
    imaginary = gain * source_imaginary
    pixels = ops.cast(height * width, "float32")
    return source + _inverse(real, imaginary, waves) / pixels


def _check_shapes(source, target, data_format):
    """Raise if shapes, as far as they are known, do not fit each other."""
    source, target = tuple(source), tuple(target)
    same = len(source) == len(target) == 4 and all(
        a is None or b is None or a == b for a, b in zip(source, target, strict=True)
    )
    if not same:
        raise ValueError(f"{_EXPECTED_SHAPES}, received {source} and {target}.")
    last, first = source[3], source[1]
    if data_format == "channels_first":
        last, first = first, last
    # Nobody's image is 1, 3 or 4 pixels high and has a channel for every column.
    if first in (1, 3, 4) and last is not None and last > 4:
        other = {"channels_last": "channels_first"}.get(data_format, "channels_last")
        raise ValueError(
            f"The images of shape {source} are {other.replace('_', ' ')}: give "
            f"data_format={other!r}."
        )


def _with_the_shape_of(target, source):
    """`source`, after a check of the sizes that are known only now."""
    unknown = None in (*source.shape, *target.shape)
    if unknown and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.is_tensor(source):
            check = tf.debugging.assert_equal(
                tf.shape(source), tf.shape(target), message=_EXPECTED_SHAPES
            )
            with tf.control_dependencies([check]):
                return tf.identity(source)
    return source


def _half_width(height, width, window):
    if isinstance(height, int) and isinstance(width, int):
        return math.floor(min(height, width) * window)
    shorter = ops.cast(ops.minimum(height, width), "float32")
    return ops.cast(ops.floor(shorter * window), "int32")


def _waves(half, size):
    """Cosines and sines of the frequencies `-half..half`: two `(2 half + 1, size)`."""
    frequencies = ops.arange(-half, half + 1, dtype="int32")
    positions = ops.arange(size, dtype="int32")
    # Whole turns are dropped in integers, so the angle is exact to float32.
    turns = ops.mod(frequencies[:, None] * positions[None, :], size)
    angles = ops.cast(turns, "float32") * (2 * math.pi / ops.cast(size, "float32"))
    return ops.cos(angles), ops.sin(angles)


def _spectrum(images, waves):
    """Real and imaginary part of the window of the transform of `images`."""
    (row_cosine, row_sine), (column_cosine, column_sine) = waves
    cosine = ops.einsum("kh,bhwc->bkwc", row_cosine, images)
    sine = ops.einsum("kh,bhwc->bkwc", row_sine, images)

    def columns(rows, waves):
        return ops.einsum("bkwc,lw->bklc", rows, waves)

    real = columns(cosine, column_cosine) - columns(sine, column_sine)
    imaginary = -columns(sine, column_cosine) - columns(cosine, column_sine)
    return real, imaginary


def _inverse(real, imaginary, waves):
    """Real part of the inverse transform of a window, not divided by the pixels."""
    (row_cosine, row_sine), (column_cosine, column_sine) = waves

    def columns(window, waves):
        return ops.einsum("bklc,lw->bkwc", window, waves)

    cosine = columns(real, column_cosine) - columns(imaginary, column_sine)
    sine = columns(real, column_sine) + columns(imaginary, column_cosine)
    return ops.einsum("kh,bkwc->bhwc", row_cosine, cosine) - ops.einsum(
        "kh,bkwc->bhwc", row_sine, sine
    )


@keras.saving.register_keras_serializable("keras_pixda")
class FourierStyleTransfer(keras.layers.Layer):
    """Fourier style transfer of a batch of source images towards target images.

    Works in the training graph, on the device, in float32 whatever the dtype policy:
    half precision has no room for the sums of a transform.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import FourierStyleTransfer

    source = np.random.default_rng(0).uniform(0, 255, (2, 32, 48, 3))
    target = np.random.default_rng(1).uniform(0, 255, (2, 32, 48, 3))
    styled = FourierStyleTransfer(0.01)((source, target))
    # Each image has the mean colour of its target.
    assert np.allclose(np.mean(styled, (1, 2)), target.mean((1, 2)), atol=0.01)
    ```

    Args:
        window: Half-width of the swapped window as a share of the shorter side.
            Defaults to 0.01.
        name: Name of the layer. Defaults to `None`.
        data_format: `"channels_last"` or `"channels_first"`, the format of the images,
            whatever `keras.config.image_data_format` says. Defaults to
            `"channels_last"`.

    Raises:
        ValueError: If `window` is not in 0..0.5, `data_format` is unknown, the images
            differ in shape, or have another format. Where a compiled function learns a
            size only when it runs, TensorFlow's `InvalidArgumentError`.

    Reference:
        Yang and Soatto, [FDA: Fourier Domain Adaptation for Semantic
        Segmentation](https://arxiv.org/abs/2004.05498), CVPR 2020.
    """

    def __init__(
        self,
        window: float = 0.01,
        name: str | None = None,
        data_format: str = "channels_last",
        **kwargs: Any,
    ):
        kwargs["dtype"] = "float32"
        super().__init__(name=name, **kwargs)
        if not 0 <= window < 0.5:
            raise ValueError(f"window must be in 0..0.5, received {window}.")
        if data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                "data_format must be 'channels_last' or 'channels_first', received "
                f"{data_format!r}."
            )
        self.window = window
        self.data_format = data_format

    def build(self, input_shape: Any) -> None:
        """Nothing to build: the layer has no weights."""
        self.built = True

    def call(self, images: tuple[Tensor, Tensor]) -> Tensor:
        """Styled source images from the pair (source, target)."""
        source, target = images
        return fourier_style_transfer(source, target, self.window, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """The shape of the source images."""
        source, target = input_shape
        _check_shapes(source, target, self.data_format)
        return source

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this layer."""
        config = super().get_config()
        del config["dtype"]
        return {**config, "window": self.window, "data_format": self.data_format}
