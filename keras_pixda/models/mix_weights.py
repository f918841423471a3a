"""The mean of the weights of two networks."""

import keras
import numpy as np


def mix_weights(network: keras.Model, other: keras.Model, share: float) -> None:
    """Move a network towards another one of the same layers.

    Along the line between the weights before and after fine-tuning much of what was
    known before is still known, while most of what was learned is there already.

    Example:

    ```python
    from keras_pixda.models import mix_weights, small_segmenter

    one, other = (small_segmenter(3, filters=4) for _ in range(2))
    kernel, goal = (network.get_weights()[0] for network in (one, other))
    mix_weights(one, other, share=0.25)
    assert abs(one.get_weights()[0] - (0.75 * kernel + 0.25 * goal)).max() < 1e-6
    ```

    Args:
        network: The `keras.Model` to change; statistics of batch normalisation count
            as weights, whole numbers stay.
        other: The one to move towards.
        share: How far, 0..1.

    Raises:
        ValueError: If the two have other weights.

    Reference:
        Wortsman et al., [Robust fine-tuning of zero-shot
        models](https://arxiv.org/abs/2109.01903), CVPR 2022.
    """
    goals = {weight.path: weight for weight in other.weights}
    pairs = [(weight, goals.get(weight.path)) for weight in network.weights]
    for weight, goal in pairs:
        if goal is None or goal.shape != weight.shape:
            raise ValueError(
                f"{weight.path} of {network.name}: {other.name} has no such weight, "
                "expected two networks of the same layers."
            )
    for weight, goal in pairs:
        value, towards = np.array(weight), np.array(goal)
        if np.issubdtype(value.dtype, np.integer):
            continue
        weight.assign(((1 - share) * value + share * towards).astype(value.dtype))
