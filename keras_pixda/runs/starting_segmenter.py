"""The segmenter that a run starts from."""

import keras

from keras_pixda.models import find_segmenter
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
            segmenter of so many classes.
    """
    weights = settings.network.weights
    if weights is not None and weights.endswith(".keras"):
        return load_model(weights)
    if weights is not None and weights.endswith((".pth", ".pt")):
        return load_pytorch(weights)
    named = find_segmenter(settings.network.segmenter)
    pretrained = named.is_pretrained(settings.network.pretrained) and weights is None
    segmenter = named.build(num_classes, pretrained=pretrained)
    if weights is not None:
        load_weights(segmenter, weights)
    return segmenter
