"""Class colours over a picture."""

import keras
import numpy as np

from keras_pixda.typing import Palette


def overlay(
    images: np.ndarray,
    labels: np.ndarray,
    palette: Palette,
    alpha: float = 0.5,
    ignore_class: int = 255,
) -> np.ndarray:
    """Lay the colours of class ids over images.

    A shell over `keras.visualization.draw_segmentation_masks` for masks whose first
    class is 0; ignored pixels show the image.

    Example:
    ```python
    import numpy as np
    from keras_pixda.visualization import overlay

    images = np.full((1, 1, 2, 3), 100, "uint8")
    labels = np.array([[[0, 255]]], "uint8")
    painted = overlay(images, labels, palette=[(200, 0, 0)])
    assert painted.tolist() == [[[[150, 50, 50], [100, 100, 100]]]]
    ```

    Args:
        images: RGB images `(batch, height, width, 3)`, 0..255.
        labels: Integers `(batch, height, width)`, class ids or `ignore_class`.
        palette: One RGB colour, 0..255, for each class.
        alpha: How much of the class colour shows, 0..1. Defaults to 0.5.
        ignore_class: Label value that is not drawn. Defaults to 255.

    Returns:
        uint8 array `(batch, height, width, 3)`.

    Raises:
        ValueError: If the sizes of images and labels differ.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if images.shape != (*labels.shape, 3):
        raise ValueError(
            f"Labels of shape {labels.shape} do not fit images of shape {images.shape}."
        )
    return keras.visualization.draw_segmentation_masks(
        images,
        labels[..., None].astype("int32"),
        num_classes=len(palette),
        color_mapping=dict(enumerate(palette)),
        alpha=alpha,
        ignore_index=ignore_class,
        data_format="channels_last",
    )
