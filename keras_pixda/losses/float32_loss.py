"""What the losses of this room share: float32 inside, whatever comes in."""

from typing import Any

import keras
from keras import ops

from keras_pixda.typing import Tensor


class Float32Loss(keras.losses.Loss):
    """A Keras loss that computes in float32 and gives its value in `dtype`.

    Args:
        reduction: As in every Keras loss.
        name: Name of the loss.
        dtype: Dtype or dtype policy of the value, as in every Keras loss. Defaults to
            `None`, float32.

    Raises:
        ValueError: If `dtype` is no floating point dtype.
    """

    def __init__(self, reduction: str | None, name: str, dtype: Any = None):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        policy = keras.dtype_policies.get("float32" if dtype is None else dtype)
        self.value_dtype = policy.compute_dtype
        if "float" not in self.value_dtype:
            raise ValueError(
                f"{name}: dtype must be a floating point dtype, received {dtype!r}."
            )

    def __call__(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
    ) -> Tensor:
        """The value of the loss."""
        value = super().__call__(y_true, y_pred, sample_weight)
        return ops.cast(value, self.value_dtype)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild this loss."""
        return {**super().get_config(), "dtype": self.value_dtype}
