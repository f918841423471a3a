"""The dtype in which pixels are counted."""

import keras


def count_dtype() -> str:
    """float64, or float32 where JAX was not told to have 64 bits."""
    if keras.backend.backend() == "jax":
        import jax

        if not jax.config.jax_enable_x64:
            return "float32"
    return "float64"
