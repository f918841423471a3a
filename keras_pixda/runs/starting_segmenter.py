"""The segmenter that a run starts from."""

import keras

from keras_pixda.models import check_segmenter, find_segmenter
from keras_pixda.models.load_model import load_model, load_weights
from keras_pixda.runs.settings import Settings
from keras_pixda.weights import load_pytorch


def starting_segmenter(settings: Settings, num_classes: int) -> keras.Model:
    """The segmenter of the settings, pretrained or with the given weights.

    Example:

    ```python
    from keras_pixda.runs import Settings, starting_segmenter

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    segmenter = starting_segmenter(settings, num_classes=19)
    assert segmenter.output_shape == (None, None, None, 19)
    ```

    Args:
        settings: The `Settings` of the run.
        num_classes: Number of classes.

    Raises:
        ImportError: If pretrained weights are not installed; the message says how to.
        ValueError: If the file of the weights cannot be read, or if the network is no
            segmenter of so many classes that takes images of the run's size.
    """
    weights = settings.network.weights
    if weights is not None and weights.endswith(".keras"):
        model = load_model(weights)
        segmenter = getattr(model, "segmenter", model)  # Of a method's model.
    elif weights is not None and weights.endswith((".pth", ".pt")):
        segmenter = load_pytorch(weights)
    else:
        named = find_segmenter(settings.network.segmenter)
        asked = settings.network.pretrained
        pretrained = named.is_pretrained(asked) and weights is None
        segmenter = named.build(num_classes, pretrained=pretrained)
        if weights is not None:
            load_weights(segmenter, weights)
    check_segmenter(segmenter)
    if not segmenter.trainable_weights:
        raise ValueError(
            f"The segmenter {segmenter.name!r} has no weights that are trained: set "
            "trainable = True on it or on its last layers."
        )
    _check_classes(segmenter, num_classes, weights)
    _check_size(segmenter, settings.data.image_size)
    return segmenter


def _check_classes(segmenter, num_classes, weights):
    found = segmenter.output_shape[-1]
    if found != num_classes:
        raise ValueError(
            f"{weights}: holds a segmenter of {found} classes, expected {num_classes}, "
            "those of the data."
        )


def _check_size(segmenter, image_size):
    """Raise if a segmenter has a fixed size, other than that of the images."""
    height, width = segmenter.input_shape[1:3]
    possible = [height or image_size[0], width or image_size[1]]
    if possible != [*image_size]:
        raise ValueError(
            f"The segmenter {segmenter.name!r} takes images of height {height} and "
            f"width {width} alone, expected the image_size of the run, height "
            f"{image_size[0]} and width {image_size[1]}: --image-size {possible[0]} "
            f"{possible[1]}, or build it with keras.Input((None, None, 3))."
        )
