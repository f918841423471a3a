"""From the sequence that a transformer gives to a map of patches."""

from typing import Any

import keras
from keras import ops

from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class TokenMap(keras.layers.Layer):
    """The last tokens of a sequence as a map, of the height and width of another.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import PatchTokens, TokenMap

    patches = np.random.default_rng(0).normal(size=(1, 3, 5, 8)).astype("float32")
    tokens = PatchTokens(grid=4)(patches)
    assert TokenMap()((tokens, patches)).shape == (1, 3, 5, 8)
    ```

    Args:
        **kwargs: As in `keras.layers.Layer`.
    """

    def build(self, input_shape: Any) -> None:
        """Nothing to build: the layer has no weights."""
        self.built = True

    def call(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        """The map of a sequence `(batch, length, size)`, as the map beside it."""
        tokens, like = inputs
        batch, height, width, _ = ops.shape(like)
        tokens = tokens[:, -height * width :]
        return ops.reshape(tokens, (batch, height, width, tokens.shape[-1]))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """Batch, height and width of the map, the size of the tokens."""
        tokens, like = input_shape
        return (*like[:3], tokens[-1])
