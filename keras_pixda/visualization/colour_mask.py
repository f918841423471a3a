"""Class ids as colours."""

import numpy as np

from keras_pixda.typing import Palette


def colour_mask(
    labels: np.ndarray,
    palette: Palette,
    ignore_colour: tuple[int, int, int] = (0, 0, 0),
) -> np.ndarray:
    """Paint class ids in the colours of a palette.

    Example:
    ```python
    import numpy as np
    from keras_pixda.visualization import colour_mask

    labels = np.array([[0, 1, 255]], "uint8")
    colours = colour_mask(labels, palette=[(128, 64, 128), (0, 0, 142)])
    assert colours.tolist() == [[[128, 64, 128], [0, 0, 142], [0, 0, 0]]]
    ```

    Args:
        labels: Integers of any shape, class ids.
        palette: One RGB colour, 0..255, for each class.
        ignore_colour: RGB colour of every value that is not a class. Defaults to
            black.

    Returns:
        uint8 array of the shape of `labels` and a last axis of RGB.

    Raises:
        ValueError: If the palette is not made of RGB colours or `labels` are not
            integers.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"Expected integer class ids, received dtype {labels.dtype}.")
    if any(len(colour) != 3 for colour in palette):
        raise ValueError(f"Expected a palette of RGB colours, received {palette!r}.")
    colours = np.array([*palette, ignore_colour])
    if colours.min() < 0 or colours.max() > 255:
        raise ValueError(f"RGB colours lie in 0..255, received {palette!r}.")
    ignored = len(colours) - 1
    is_class = (labels >= 0) & (labels < ignored)
    return colours.astype("uint8")[np.where(is_class, labels, ignored)]
