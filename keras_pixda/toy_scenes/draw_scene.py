"""One toy scene: an image and its labels."""

from collections.abc import Sequence

import numpy as np

from keras_pixda.datasets.arguments import as_size
from keras_pixda.toy_scenes.looks import RENDERED_LOOK, city_look
from keras_pixda.toy_scenes.scene import (
    PHOTO_LAYOUT,
    RENDERED_LAYOUT,
    lay_out,
)
from keras_pixda.toy_scenes.shading import expose, shade


def draw_scene(
    seed: int | Sequence[int],
    look: str = "rendered",
    image_size: tuple[int, int] = (128, 192),
    city: str = "brickholm",
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one street-like scene with its labels.

    The same arguments always give the same scene. The labels are exact: image and
    labels are read off one drawing. They are Cityscapes label ids: road 7, sidewalk 8,
    building 11, pole 17, traffic sign 20, vegetation 21, sky 23, person 24, car 26,
    and 1 for the hood of the camera's own car, which is not evaluated.

    Example:

    ```python
    from keras_pixda.toy_scenes import draw_scene

    image, labels = draw_scene(0, "photo", image_size=(64, 96), city="mistford")
    assert image.shape == (64, 96, 3)
    assert labels.shape == (64, 96)
    assert {7, 11, 23} <= set(labels.ravel().tolist())
    ```

    Args:
        seed: Non-negative integer or a sequence of them.
        look: `"rendered"`, a clean drawing, or `"photo"`. Defaults to `"rendered"`.
        image_size: `(height, width)` in pixels, 16 or more. Defaults to
            `(128, 192)`.
        city: Name of the city a photo is from. `"brickholm"`, `"solvara"` and
            `"mistford"` have looks of their own, any other name stands for a blend of
            the three. Defaults to `"brickholm"`; without effect on a rendered scene.

    Returns:
        The image, `uint8` `(height, width, 3)`, and the label ids, `uint8`
        `(height, width)`.

    Raises:
        ValueError: if the look is unknown or the size too small.
    """
    height, width = as_size(image_size, "image_size")
    if min(height, width) < 16:
        raise ValueError(
            f"image_size must be 16 or more each way, received {image_size!r}"
        )
    if look == "rendered":
        # One pixel a sample gives the hard edges of a drawing, four a soft lens.
        layout, appearance, scale = RENDERED_LAYOUT, RENDERED_LOOK, 1
    elif look == "photo":
        layout, appearance, scale = PHOTO_LAYOUT, city_look(city), 2
    else:
        raise ValueError(f'look must be "rendered" or "photo", received {look!r}')

    generator = np.random.default_rng(seed)
    canvas = lay_out(generator, layout, (height * scale, width * scale))
    surfaces = canvas.surfaces(list(appearance.palette))
    image = shade(surfaces, appearance, generator)
    image = image.reshape(height, scale, width, scale, 3)
    samples = [image[:, row, :, col] for row in range(scale) for col in range(scale)]
    image = expose(sum(samples) / len(samples), appearance, generator)
    labels = surfaces.label[surfaces.number].reshape(height, scale, width, scale)
    return image, labels[:, 0, :, 0].copy()
