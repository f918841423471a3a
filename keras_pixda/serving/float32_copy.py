"""The same network in float32."""

import keras

HALF = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")


def float32_copy(model: keras.Model) -> keras.Model:
    """A model with the same weights that computes in float32 throughout.

    A model that already does is given back as it is.

    Args:
        model: Keras model that its `get_config` rebuilds.

    Returns:
        A `keras.Model` of the same class.
    """
    half = []
    config = _in_float32(model.get_config(), half)
    if not half:
        return model
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        copy = type(model).from_config(config)
    finally:
        keras.config.set_dtype_policy(policy)
    copy.set_weights(model.get_weights())
    return copy


def _in_float32(value, half):
    """A configuration without half precision; what was found goes to `half`."""
    if isinstance(value, dict):
        return {
            key: _float32_dtype(entry, half)
            if key == "dtype"
            else _in_float32(entry, half)
            for key, entry in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(_in_float32(entry, half) for entry in value)
    return value


def _float32_dtype(dtype, half):
    """`float32` in the place of a half-precision dtype or policy."""
    name = dtype
    if isinstance(dtype, dict):
        name = dtype.get("config", {}).get("name")
    if name not in HALF:
        return dtype
    half.append(name)
    return "float32"
