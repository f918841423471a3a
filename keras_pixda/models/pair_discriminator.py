"""The discriminator that judges pairs of predictions."""

import keras
from keras import layers

from keras_pixda.models.discriminator_trunk import discriminator_trunk


def pair_discriminator(
    num_classes: int, filters: int = 64, name: str = "pair_discriminator"
) -> keras.Model:
    """Discriminator of FSDA's pairs: tells which domains two predictions come from.

    The two softmax maps come stacked. Five 4x4 convolutions of stride 2 and padding 1
    with spectral normalisation, LeakyReLU 0.2 between, three channels and tanh at the
    end: all three are to answer 1 for two source maps, 0 for one of each domain and -1
    for two target maps. The classifier works in float32 under every dtype policy.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import pair_discriminator

    discriminator = pair_discriminator(num_classes=19, filters=8)
    pair = np.full((1, 64, 128, 2 * 19), 1 / 19, dtype="float32")
    assert discriminator(pair).shape == (1, 2, 4, 3)
    ```

    Args:
        num_classes: Channels of one softmax map, half those of the input.
        filters: Filters of the first convolution, doubled three times. Defaults to 64.
        name: Name of the model. Defaults to `"pair_discriminator"`.

    Returns:
        A `keras.Model` from pairs `(batch, height, width, 2 * num_classes)`, at least
        32 pixels a side, to answers in -1..1 `(batch, height / 32, width / 32, 3)`.

    Reference:
        Zhang et al., Few-Shot Structured Domain Adaptation for Virtual-to-Real Scene
        Parsing, ICCV workshops 2019.
    """
    inputs = keras.Input((None, None, 2 * num_classes), name="pairs")
    x = discriminator_trunk(inputs, filters, channels=3, spectral_norm=True)
    answers = layers.Activation("tanh", dtype="float32", name="answers")(x)
    return keras.Model(inputs, answers, name=name)
