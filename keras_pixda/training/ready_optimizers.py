"""Optimizers as the steps of this package need them."""

import keras

from keras_pixda.half_precision import dtypes_of, tell_slow_half_precision
from keras_pixda.optimizers import SharedLossScaleOptimizer
from keras_pixda.replicas import number_of_replicas
from keras_pixda.training.checks import check_every_rate_is_used, check_precision


def ready_optimizers(optimizers: list, auto_scale_loss: bool = True) -> list:
    """Optimizers that scale their losses where needed, built for their networks.

    Example:

    ```python
    from keras_pixda.models import image_discriminator, small_segmenter
    from keras_pixda.training.ready_optimizers import ready_optimizers

    networks = small_segmenter(3, filters=4), image_discriminator(3, filters=4)
    first, second = ready_optimizers([("adam", networks[0]), (None, networks[1])])
    assert type(first) is type(second) and first.name == second.name
    assert len(first.variables) > len(second.variables) > 2
    ```

    Args:
        optimizers: Pairs of an optimizer, or `None` for one like that of the pair
            before, and the network it updates.
        auto_scale_loss: Whether to wrap optimizers in a `LossScaleOptimizer` if any of
            the networks works in float16. Defaults to `True`.

    Returns:
        A list of `keras.optimizers.Optimizer`.

    Raises:
        ValueError: If weights are kept in half precision, if a loss scale is not shared
            by the replicas, or if one of several rates drives no variable.
    """
    networks = [network for _, network in optimizers]
    tell_slow_half_precision(*set().union(*map(dtypes_of, networks)))
    scale = auto_scale_loss and any(map(works_in_float16, networks))
    ready = []
    for optimizer, network in optimizers:
        check_precision(network)
        if optimizer is None:
            optimizer = type(ready[-1]).from_config(ready[-1].get_config())
        optimizer = keras.optimizers.get(optimizer)
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        shared = isinstance(optimizer, SharedLossScaleOptimizer)
        if scaled and not shared and number_of_replicas() > 1:
            raise ValueError(
                f"{optimizer.name!r} looks for infinite gradients on the first "
                "replica only: take keras_pixda.optimizers.SharedLossScaleOptimizer"
                " in its place, or leave the scaling to auto_scale_loss."
            )
        if scale and not scaled:
            optimizer = SharedLossScaleOptimizer(optimizer)
        # Built at once: an optimizer without slots is saved and restored empty.
        if not optimizer.built:
            optimizer.build(network.trainable_variables)
        check_every_rate_is_used(optimizer, network)
        ready.append(optimizer)
    return ready


def works_in_float16(network: keras.Model) -> bool:
    """Whether any layer of a network computes in float16."""
    return any(
        layer.compute_dtype == "float16" or works_in_float16(layer)
        for layer in getattr(network, "layers", [])
    )
