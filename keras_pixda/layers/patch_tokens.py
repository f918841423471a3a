"""From a map of patches to the sequence that a transformer reads."""

from typing import Any

import keras
from keras import ops

from keras_pixda.typing import Tensor

# Of the cubic through four neighbours, the one of TensorFlow's resizing.
CUBIC = -0.5


@keras.saving.register_keras_serializable("keras_pixda")
class PatchTokens(keras.layers.Layer):
    """The patches of a map of any size as a sequence, with their positions added.

    The position embeddings are those of a square grid; for a map of another size they
    are interpolated, bicubically and with half-pixel centres. A class token with a
    position of its own comes first, then register tokens, which have none.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import PatchTokens

    tokens = PatchTokens(grid=4, registers=2)(np.zeros((1, 3, 5, 8)))
    assert tokens.shape == (1, 1 + 2 + 3 * 5, 8)
    ```

    Args:
        grid: Side of the square that the position embeddings were trained for, in
            patches.
        registers: Number of register tokens. Defaults to 0.
        **kwargs: As in `keras.layers.Layer`.

    Reference:
        Oquab et al., [DINOv2: Learning Robust Visual Features without
        Supervision](https://arxiv.org/abs/2304.07193), 2023.
    """

    def __init__(self, grid: int, registers: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.grid = grid
        self.registers = registers

    def build(self, input_shape: Any) -> None:
        """Make the tokens and the positions: the class token's, then row by row."""
        size = input_shape[-1]
        shapes = {
            "class_token": (1, 1, size),
            "register_tokens": (1, self.registers, size),
            "positions": (1, 1 + self.grid**2, size),
        }
        for name, shape in shapes.items():
            weight = self.add_weight(
                shape=shape,
                initializer=keras.initializers.TruncatedNormal(stddev=0.02),
                name=name,
            )
            setattr(self, name, weight)
        self.built = True

    def call(self, patches: Tensor) -> Tensor:
        """The sequence of a map."""
        batch, height, width, size = ops.shape(patches)
        # Interpolated in float32: sums of four with weights of both signs.
        positions = ops.cast(self.positions, "float32")
        grid = ops.reshape(positions[0, 1:], (self.grid, self.grid, size))
        rows, columns = (_cubic_weights(n, self.grid) for n in (height, width))
        grid = ops.einsum("hi,ijc->hjc", rows, grid)
        grid = ops.einsum("wj,hjc->hwc", columns, grid)
        x = patches + ops.cast(grid, patches.dtype)
        first = self.class_token + self.positions[:, :1]
        first = ops.concatenate([first, self.register_tokens], axis=1)
        first = ops.cast(ops.repeat(first, batch, axis=0), patches.dtype)
        return ops.concatenate(
            [first, ops.reshape(x, (batch, height * width, size))], axis=1
        )

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """A sequence as long as the map has patches, and the tokens before them."""
        batch, height, width, size = input_shape
        length = None
        if height is not None and width is not None:
            length = 1 + self.registers + height * width
        return batch, length, size

    def get_config(self) -> dict:
        """The arguments."""
        config = {"grid": self.grid, "registers": self.registers}
        return super().get_config() | config


def _cubic_weights(new, old):
    """Interpolation weights, shape `(new, old)`: four neighbours a row, sum 1."""
    scale = ops.cast(old, "float32") / ops.cast(new, "float32")
    position = (ops.arange(new, dtype="float32") + 0.5) * scale - 0.5
    x = ops.abs(position[:, None] - ops.arange(old, dtype="float32")[None])
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    far = ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC
    weights = ops.where(x <= 1, near, ops.where(x < 2, far, 0.0))
    # At the edge those outside are missing.
    return weights / ops.sum(weights, axis=1, keepdims=True)
