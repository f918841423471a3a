"""`dtype=` of every loss of the package, as Keras's losses have it."""

import keras
import numpy as np
import pytest

from keras_pixda.losses import DistillationLoss, EntropyLoss, FocalLoss, PixAdvLoss

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, (2, 4, 5)).astype("uint8")
LOGITS = RANDOM.normal(size=(2, 4, 5, 3)).astype("float32")
DOMAIN = RANDOM.normal(size=(2, 4, 5, 1)).astype("float32")
INPUTS = {
    FocalLoss: (LABELS, LOGITS),
    EntropyLoss: (LABELS, LOGITS),
    DistillationLoss: (LOGITS, LOGITS),
    PixAdvLoss: (LABELS, (LOGITS, DOMAIN)),
}


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_value_has_the_dtype_and_the_digits_of_float32(kind, dtype):
    exact = kind()(*INPUTS[kind])
    loss = kind(dtype=dtype)
    value = loss(*INPUTS[kind])
    assert value.dtype == dtype
    assert exact.dtype == "float32"
    assert value == keras.ops.cast(exact, dtype)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config()
    assert again(*INPUTS[kind]).dtype == dtype
    assert kind(dtype=keras.DTypePolicy(dtype)).get_config() == loss.get_config()


@pytest.mark.parametrize("kind", INPUTS)
def test_another_dtype_is_named(kind):
    for dtype in ("int32", "single"):
        with pytest.raises(ValueError, match=f"'{dtype}'|: {dtype}"):
            kind(dtype=dtype)


@pytest.mark.parametrize("kind", INPUTS)
def test_a_config_without_a_dtype_still_loads(kind):
    config = kind().get_config()
    del config["dtype"]
    assert kind.from_config(config)(*INPUTS[kind]) == kind()(*INPUTS[kind])
