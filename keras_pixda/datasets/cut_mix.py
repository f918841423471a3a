"""Paste a rectangle of a source image and its labels into a target image."""

from collections.abc import Callable

import numpy as np


def cut_mix(
    area: tuple[float, float] = (0.1, 0.5), probability: float = 0.5
) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """A function that pastes a part of a source pair into a target pair.

    It is called as `mix(source, target, seed)` with `(image, labels)` of each and
    returns the pair that takes the target's place: pixels and labels inside a random
    rectangle are the source's, at the same place, all others the target's. It
    depends on nothing but its arguments. Pass it to
    `FewShotDomainDataset(mixing=...)`.

    Example:
    ```python
    import numpy as np

    from keras_pixda.datasets import cut_mix

    mix = cut_mix(area=(0.25, 0.25), probability=1.0)
    source = np.full((24, 32, 3), 200, "uint8"), np.full((24, 32), 1, "uint8")
    target = np.full((24, 32, 3), 100, "uint8"), np.full((24, 32), 2, "uint8")
    image, labels = mix(source, target, seed=7)
    assert 0.2 < (labels == 1).mean() < 0.3
    assert ((image[..., 0] == 200) == (labels == 1)).all()
    ```

    Args:
        area: `(smallest, largest)` share of the picture that is pasted; all between
            are equally likely. Defaults to `(0.1, 0.5)`.
        probability: Share of the target images that are changed. Defaults to `0.5`.

    Raises:
        ValueError: If a value is out of range.

    Reference:
        Yun et al., [CutMix](https://arxiv.org/abs/1905.04899), ICCV 2019. French et
        al., [Semi-supervised semantic segmentation needs strong, varied
        perturbations](https://arxiv.org/abs/1906.01916), BMVC 2020, whose rectangles
        these are.
    """
    if not 0 < area[0] <= area[1] <= 1:
        raise ValueError(
            f"area must be (smallest, largest) with 0 < smallest <= largest <= 1, "
            f"received {area!r}"
        )
    if not 0 < probability <= 1:
        raise ValueError(
            f"probability must lie between 0 and 1, received {probability!r}"
        )

    def mix(source, target, seed):
        if source[1].shape != target[1].shape:
            raise ValueError(
                "Source and target must have the same size, received labels of "
                f"{source[1].shape} and {target[1].shape}"
            )
        random = np.random.default_rng(seed)
        if random.random() >= probability:
            return target
        height, width = target[1].shape
        share = random.uniform(*area)
        # Even in the logarithm, so that flat and tall rectangles are equally likely.
        tall = share ** random.random()
        inside = _stretch(height, tall, random), _stretch(width, share / tall, random)
        mixed = tuple(part.copy() for part in target)
        for part, pasted in zip(mixed, source, strict=True):
            part[inside] = pasted[inside]
        return mixed

    return mix


def _stretch(side, share, random):
    """A random slice of a side that has the given share of it."""
    length = max(1, round(side * share))
    start = int(random.integers(side - length + 1))
    return slice(start, start + length)
