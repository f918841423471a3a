"""Backbones of keras.applications as segmenters."""

import inspect

import keras
import numpy as np
from keras import layers

from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.models.download_error import download_error
from keras_pixda.models.pyramid_segmenter import pyramid_segmenter
from keras_pixda.plain_reason import plain_reason

# Without a size they are built wrong: they compare heights that are not known.
ONE_SIZE = ("NASNetLarge", "NASNetMobile")


def applications_segmenter(
    num_classes: int,
    backbone: str,
    width: int = 64,
    auxiliary_head: bool = False,
    weights: str | None = None,
) -> keras.Model:
    """The `pyramid_segmenter` on a network of keras.applications.

    The normalisation that the network expects goes inside.

    Example:

    ```python
    from keras_pixda.models import applications_segmenter

    segmenter = applications_segmenter(num_classes=5, backbone="MobileNet", width=8)
    assert segmenter.output_shape == (None, None, None, 5)
    ```

    Args:
        num_classes: Number of classes.
        backbone: Its name there, such as `"MobileNetV2"`.
        width: Filters of the pyramid. Defaults to 64.
        auxiliary_head: Whether to give back an auxiliary head as well; outputs are then
            `[auxiliary, main]`. Defaults to `False`.
        weights: `"imagenet"`, which keras.applications downloads where its cache does
            not hold the file, or the path of one. Defaults to `None`: random.

    Returns:
        A `keras.Model` from RGB images `(batch, height, width, 3)`, 0..255, to logits
        `(batch, height, width, num_classes)`, float32.

    Raises:
        ValueError: If there is no such network, it takes no images of any size, or its
            weights cannot be had; the message says how to bring them.
    """
    build, preprocess = _network(backbone)
    images = keras.Input((None, None, 3), name="images")
    x = _normalised(images, preprocess)
    try:
        network = build(include_top=False, weights=weights, input_tensor=x)
    except Exception as error:  # Of a download, of a file, of a size.
        if weights is None:
            raise ValueError(
                f"segmenter is 'applications:{backbone}', which cannot be built for "
                f"images of any size: {plain_reason(error)}."
            ) from error
        numbers = build(include_top=False, weights=None, input_tensor=x).count_params()
        size = f"about {4 * numbers / 1e6:.0f} MB"
        raise download_error(backbone, error, size) from error
    return pyramid_segmenter(
        network, num_classes, width, auxiliary_head, f"{network.name}_segmenter"
    )


def _network(name):
    """The function that builds a network, and what it expects of its images."""
    found = {
        other: value
        for other, value in vars(keras.applications).items()
        if inspect.isfunction(value) and other not in ONE_SIZE
    }
    if name not in found:
        built = ", which keras.applications builds for one size" * (name in ONE_SIZE)
        raise ValueError(
            f"segmenter is 'applications:{name}'{built}, expected one of "
            f"{sorted(found)}{'.' if built else did_you_mean(name, found)}"
        )
    return found[name], inspect.getmodule(found[name]).preprocess_input


def _normalised(images, preprocess):
    """Symbolic images as a network expects them, in Keras's own operations."""
    # All of them take each colour by itself, some in the order of OpenCV.
    colours = np.concatenate([np.zeros((1, 3)), 255 * np.eye(3)]).astype("float32")
    black, *pure = preprocess(colours[None], data_format="channels_last")[0]
    scale = (pure - black) / 255
    x = images
    if not np.allclose(scale, np.diag(np.diag(scale))):
        x, scale = keras.ops.flip(x, axis=-1), scale[::-1]
    if np.allclose(np.diag(scale), 1) and np.allclose(black, 0):
        return x
    scale, offset = np.diag(scale).tolist(), black.tolist()
    return layers.Rescaling(scale, offset, dtype="float32", name="normalise")(x)
