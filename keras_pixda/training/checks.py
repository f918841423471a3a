"""What a model checks before it trains; every error names the remedy."""

from typing import Any

import keras


def check_precision(network: keras.Model) -> None:
    """Raise if weights that are to be trained are kept in half precision."""
    for variable in network.trainable_variables:
        dtype = keras.backend.standardize_dtype(variable.dtype)
        if dtype in ("float16", "bfloat16"):
            raise ValueError(
                f"{network.name!r} keeps its weights in {dtype}, which loses what an "
                "optimizer adds to them: build it under keras.config.set_floatx("
                f"'float32') and, for speed, set_dtype_policy('mixed_{dtype}')."
            )


def check_judges_classes(discriminator: keras.Model, num_classes: int) -> None:
    """Raise if a discriminator was built for softmax maps of other classes."""
    try:
        channels = discriminator.input_shape[-1]
    except (AttributeError, TypeError):  # One that takes what comes.
        return
    if channels not in (None, num_classes):
        raise ValueError(
            f"The discriminator {discriminator.name!r} takes maps of {channels} "
            f"classes, but the segmenter gives {num_classes}: build it with "
            f"num_classes={num_classes}."
        )


def check_every_rate_is_used(
    optimizer: keras.optimizers.Optimizer, network: keras.Model
) -> None:
    """Raise if a rate of a `MultiOptimizer` drives no variable: a mistyped pattern."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    parts = getattr(optimizer, "parts", None) or getattr(optimizer, "optimizers", ())
    for inner in parts:
        if not inner.built:
            raise ValueError(
                f"The optimizer {inner.name!r} drives no variable of {network.name!r}: "
                "its pattern matches none of their paths, such as "
                f"{network.trainable_variables[-1].path!r}. Give "
                "published_optimizers(head=...) the pattern of the head, or None."
            )


def check_classes(dataset: Any, num_classes: int) -> None:
    """Raise if a data set has another number of classes than the segmenter."""
    for domain in ("source", "target", "record"):
        record = getattr(dataset, domain, None)
        classes = getattr(record, "classes", None)
        if classes is not None and len(classes) != num_classes:
            domain = "data set" if domain == "record" else domain
            raise ValueError(
                f"The {domain} {record.name!r} has {len(classes)} classes, but the "
                f"segmenter gives {num_classes}: build it with "
                f"num_classes={len(classes)}."
            )
