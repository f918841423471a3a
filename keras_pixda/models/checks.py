"""What a model checks before it trains; every error names the remedy."""

import keras
import numpy as np

# Layers and operations that leave a pixel's softmax a softmax.
RESIZES = {"AlignedResize", "Resize", "Resizing", "UpSampling2D", "Cropping2D"}


def check_segmenter(segmenter):
    """Raise unless `segmenter` maps images to one map of logits."""
    if not isinstance(segmenter, keras.Model):
        raise ValueError(f"segmenter must be a keras.Model, received {segmenter!r}.")
    try:
        outputs, shape = segmenter.outputs, segmenter.output_shape
    except AttributeError as error:
        raise ValueError(
            f"The segmenter {segmenter.name!r} is not a functional model: wrap it, "
            "inputs = keras.Input((None, None, 3)); keras.Model(inputs, it(inputs))."
        ) from error
    # The shape of a single named output does not show that it comes in a dictionary.
    named = isinstance(getattr(segmenter, "output", None), dict)
    if named or len(outputs) > 1:
        found = "a dictionary of outputs" if named else f"{len(outputs)} outputs"
        raise ValueError(
            f"The segmenter {segmenter.name!r} has {found}, expected one map of "
            "logits: take keras.Model(it.inputs, it.outputs[-1])."
        )
    if len(shape) != 4 or shape[-1] is None:
        raise ValueError(
            f"The segmenter {segmenter.name!r} gives {shape}, expected logits of the "
            "shape (batch, height, width, classes)."
        )
    last = last_operation(segmenter)
    activation = getattr(last, "activation", None)
    if is_softmax(last) or is_softmax(activation):
        remedy = (
            "set that layer's activation to keras.activations.linear"
            if activation
            else "leave that softmax out"
        )
        raise ValueError(
            f"The segmenter {segmenter.name!r} ends in the softmax of {last.name!r}, "
            f"expected logits: build it with activation=None, or {remedy}."
        )


def last_operation(model):
    """The operation a model ends in, inside nested models and before any resize."""
    operations = getattr(model, "operations", [])
    if isinstance(model, keras.Sequential):
        operations = model.layers
    elif operations and len(model.outputs) > 1:
        operations = []  # Any of its heads may be the one that is used.
    for operation in reversed(operations):
        if type(operation).__name__ not in RESIZES:
            return last_operation(operation)
    return model


def is_softmax(function):
    """Whether a function, operation or layer is a softmax."""
    name = getattr(function, "__name__", type(function).__name__)
    return name.lower().startswith("softmax")


def check_every_rate_is_used(optimizer, network):
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


def check_classes(dataset, num_classes):
    """Raise if a data set has another number of classes than the segmenter."""
    for domain in ("source", "target"):
        record = getattr(dataset, domain, None)
        classes = getattr(record, "classes", None)
        if classes is not None and len(classes) != num_classes:
            raise ValueError(
                f"The {domain} {record.name!r} has {len(classes)} classes, but the "
                f"segmenter gives {num_classes}: build it with "
                f"num_classes={len(classes)}."
            )


def first_not_finite(variables, values=None):
    """The path of the first variable that holds NaN or infinity, or `None`.

    `values` are their arrays, where these are at hand already.
    """
    if values is None:
        values = map(keras.ops.convert_to_numpy, variables)
    for variable, value in zip(variables, values, strict=True):
        # Whole numbers, which NumPy need not know, are always finite.
        if value.dtype.kind not in "iub" and not np.isfinite(value).all():
            return variable.path
    return None
