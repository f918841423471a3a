"""Draw images so that rare classes are seen more often."""

import numpy as np

# Of a picture, to hold a class: the 3 000 pixels of a GTA5 mask in the reference.
SMALLEST_SHARE = 0.0015


class RareClassSampling:
    """Draw a class, the rarer the likelier, and then an image that holds it.

    A class c with the share f of all labelled pixels is drawn with a probability in
    proportion to `exp((1 - f) / temperature)`, then each image that holds c with the
    same probability. Images that hold no class are never drawn.

    Example:
    ```python
    import numpy as np

    from keras_pixda.datasets.rare_class_sampling import RareClassSampling

    pixels = np.array([[90, 0], [95, 0], [50, 40]])  # Of two classes in three images.
    sampling = RareClassSampling(pixels, picture_pixels=100, temperature=0.1)
    drawn = sampling.draw(np.arange(3), 1000, np.random.default_rng(0))
    assert (drawn == 2).mean() > 0.9  # The only one that holds the rare class.
    ```

    Args:
        pixels: Integers `(images, classes)`, as `class_pixels` returns them.
        picture_pixels: Number of pixels of a picture. An image holds a class if at
            least 0.15 % of them, and at least one, are of the class.
        temperature: The smaller, the more the rarest classes are preferred.

    Raises:
        ValueError: If the temperature is not positive or no pixel is labelled.

    Reference:
        Hoyer et al., [DAFormer](https://arxiv.org/abs/2111.14887), CVPR 2022, where
        the temperature is 0.01.
    """

    def __init__(self, pixels: np.ndarray, picture_pixels: int, temperature: float):
        if isinstance(temperature, bool) or not 0 < temperature < np.inf:
            raise ValueError(
                "rare_class_sampling must be a positive temperature, such as 0.01, "
                f"received {temperature!r}"
            )
        if not pixels.any():
            raise ValueError("rare_class_sampling: no source image has labelled pixels")
        self.temperature = temperature
        self.shares = pixels.sum(0) / pixels.sum()
        self.holds = pixels >= max(1, SMALLEST_SHARE * picture_pixels)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probability of each class, zero if none of the images holds it."""
        rarity = (1 - self.shares) / self.temperature
        held = self.holds[images].any(0)
        if not held.any():
            raise ValueError(
                f"rare_class_sampling: none of the {len(images)} kept source images "
                "holds a class"
            )
        # The largest exponent is 0: a low temperature would overflow.
        weights = np.exp(
            rarity - rarity[held].max(), where=held, out=np.zeros(len(held))
        )
        return weights / weights.sum()

    def draw(
        self, images: np.ndarray, count: int, random: np.random.Generator
    ) -> np.ndarray:
        """`count` of the images; one may come more than once.

        Args:
            images: Integer array, rows of `pixels` to choose from.
            count: How many to draw.
            random: `numpy.random.Generator`.
        """
        probabilities = self.probabilities(images)
        classes = random.choice(len(probabilities), count, p=probabilities)
        return np.array(
            [random.choice(images[self.holds[images, drawn]]) for drawn in classes]
        )
