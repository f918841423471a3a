"""A segmenter from a file that Keras has written."""

import keras

from keras_pixda.models.check_segmenter import check_segmenter
from keras_pixda.models.load_model import load_model
from keras_pixda.typing import FilePath


def saved_segmenter(
    num_classes: int, path: FilePath, weights: bool = False
) -> keras.Model:
    """The network of a `.keras` file, with its weights or anew.

    Args:
        num_classes: Number of classes that it must have.
        path: The file, of a segmenter or of a method's model with one.
        weights: Whether to keep its weights. Defaults to `False`: random ones.

    Raises:
        ValueError: If the file cannot be read, or is no segmenter of these classes.
    """
    model = load_model(path)
    model = getattr(model, "segmenter", model)
    check_segmenter(model)
    classes = model.output_shape[-1]
    if classes != num_classes:
        raise ValueError(
            f"{path}: holds a segmenter of {classes} classes, expected {num_classes}, "
            "those of the data."
        )
    return model if weights else keras.models.clone_model(model)
