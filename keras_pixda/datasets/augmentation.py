"""Random flips, zooms, crops and colours, the same for an image and its labels."""

import keras
import numpy as np

from keras_pixda.datasets.arguments import as_size


def augmentation(flip=True, scale=None, crop=None, colour=None, ignore_class=255):
    """Return a function that changes an image and its labels at random.

    It is called as `augment(image, labels, seed)` for each sample and depends on
    nothing but these, so that a restarted run sees the same pictures. `keras.layers`
    do the work, on the CPU; labels keep their values, and pixels from outside the
    image become black and ignored. Pass it to `FewShotDomainDataset` or
    `SegmentationDataset`.

    Example:
    ```python
    import numpy as np

    from keras_pixda.datasets import augmentation

    augment = augmentation(flip=True, scale=(0.5, 2.0), crop=(16, 16), colour=0.2)
    image = np.zeros((24, 32, 3), "uint8")
    labels = np.zeros((24, 32), "uint8")
    image, labels = augment(image, labels, seed=7)
    assert image.shape == (16, 16, 3)
    assert set(np.unique(labels)) <= {0, 255}
    ```

    Args:
        flip: whether half of the samples are mirrored left to right. Defaults to
            `True`.
        scale: `(smallest, largest)` factor of size, each at least 0.5; the picture
            keeps its height and width. Defaults to `None`.
        crop: `(height, width)` of a window cut at a random place, at most the size of
            the picture; batches then have this size. Defaults to `None`.
        colour: strength, 0 to 1, of changes of brightness, contrast and saturation.
            Defaults to `None`.
        ignore_class: label of pixels from outside the picture. Defaults to `255`.

    Raises:
        ValueError: if a value is out of range.
    """
    if scale is not None and not 0.5 <= scale[0] <= scale[1]:
        raise ValueError(
            f"scale must be (smallest, largest) with 0.5 <= smallest, got {scale!r}"
        )
    if crop is not None:
        crop = as_size(crop, "crop")
    if colour is not None and not 0 < colour < 1:
        raise ValueError(f"colour must lie between 0 and 1, got {colour!r}")
    # float32 whatever the policy: half precision would round the pixels.
    options = {"dtype": "float32"}
    flip_layer = keras.layers.RandomFlip("horizontal", **options) if flip else None
    zoom_layers = None
    if scale is not None:
        # The layer's factor is what the window grows by: 1 / scale - 1.
        factor = (1 / scale[1] - 1, 1 / scale[0] - 1)
        zoom_layers = [
            keras.layers.RandomZoom(
                factor, fill_mode="constant", fill_value=fill, **options
            )
            for fill in (0, ignore_class)
        ]
    colour_layers = []
    if colour is not None:
        colour_layers = [
            keras.layers.RandomBrightness(colour / 2, **options),
            keras.layers.RandomContrast(colour, **options),
            keras.layers.RandomSaturation(
                (0.5 - colour / 2, 0.5 + colour / 2), **options
            ),
        ]

    def augment(image, labels, seed):
        random = np.random.default_rng(seed)

        def draw(layer):
            # Each layer draws one number, so that one integer each is enough.
            seed = int(random.integers(2**31))
            return layer.get_random_transformation(images, seed=seed)

        with keras.device("cpu:0"):
            images = keras.ops.cast(image[None], "float32")
            masks = keras.ops.cast(labels[None, ..., None], "float32")
            if flip_layer:
                change = draw(flip_layer)
                images = flip_layer.transform_images(images, change)
                masks = flip_layer.transform_segmentation_masks(masks, change)
            if zoom_layers:
                image_layer, mask_layer = zoom_layers
                change = draw(image_layer)
                images = image_layer.transform_images(images, change)
                masks = mask_layer.transform_segmentation_masks(masks, change)
            if crop is not None:
                # RandomCrop resizes labels bilinearly where one side already fits.
                window = _window(labels.shape, crop, random)
                images, masks = images[window], masks[window]
            for layer in colour_layers:
                images = layer.transform_images(images, draw(layer))
            image = keras.ops.convert_to_numpy(images)[0].round().clip(0, 255)
            labels = keras.ops.convert_to_numpy(masks)[0, ..., 0]
        return image.astype(np.uint8), labels.astype(np.uint8)

    return augment


def _window(size, crop, random):
    room = [side - wanted for side, wanted in zip(size, crop, strict=True)]
    if min(room) < 0:
        raise ValueError(f"crop {crop} is larger than the picture, {size}")
    top, left = (int(random.integers(rest + 1)) for rest in room)
    return slice(None), slice(top, top + crop[0]), slice(left, left + crop[1])
