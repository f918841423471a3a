"""Whether a model is a segmenter; every error names the remedy."""

import keras

from keras_pixda.models.segmenter_end import activation_at_the_end


def check_segmenter(segmenter: keras.Model) -> None:
    """Raise unless `segmenter` maps images to one map of logits.

    Example:

    ```python
    import keras
    from keras_pixda.models.check_segmenter import check_segmenter

    images = keras.Input((None, None, 3))
    check_segmenter(keras.Model(images, keras.layers.Conv2D(5, 1)(images)))
    softmax = keras.layers.Conv2D(5, 1, activation="softmax")(images)
    try:
        check_segmenter(keras.Model(images, softmax))
    except ValueError as error:
        message = str(error)
    assert "expected logits" in message
    ```

    Args:
        segmenter: What is to be trained or exported.

    Raises:
        ValueError: With the remedy.
    """
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
        first = len(shape) == 4 and shape[1] is not None
        remedy = ": end it with keras.layers.Permute((2, 3, 1))" if first else ""
        raise ValueError(
            f"The segmenter {segmenter.name!r} gives {shape}, expected logits of the "
            f"shape (batch, height, width, classes){remedy}."
        )
    _check_images(segmenter)
    if shape[-1] == 1:
        raise ValueError(
            f"The segmenter {segmenter.name!r} gives one logit a pixel, expected one a "
            "class: build it with num_classes=2, without a sigmoid, and label the "
            "background 0 and the object 1."
        )
    dtype = keras.backend.standardize_dtype(outputs[0].dtype)
    if not dtype.startswith(("float", "bfloat")):
        raise ValueError(
            f"The segmenter {segmenter.name!r} gives {dtype}, expected floating-point "
            "logits: leave out what chooses the class, such as an argmax."
        )
    found = activation_at_the_end(segmenter)
    if found:
        activation, last = found
        remedy = (
            "set that layer's activation to keras.activations.linear"
            if getattr(last, "activation", None)
            and not isinstance(last, keras.layers.Activation)
            else f"leave that {activation} out"
        )
        raise ValueError(
            f"The segmenter {segmenter.name!r} ends in the {activation} of "
            f"{last.name!r}, expected logits: build it with activation=None, or "
            f"{remedy}."
        )


def _check_images(segmenter):
    """Raise unless a segmenter has its channels last, in its images and its logits."""
    if len(segmenter.inputs) != 1:
        raise ValueError(
            f"The segmenter {segmenter.name!r} has {len(segmenter.inputs)} inputs, "
            "expected one, the images."
        )
    images, logits = segmenter.inputs[0].shape, segmenter.outputs[0].shape
    first = images[1:2] == (3,) and images[-1] != 3
    if len(images) != 4 or images[-1] not in (3, None) or first:
        what = "its channels first" if first else "other inputs"
        raise ValueError(
            f"The segmenter {segmenter.name!r} takes {images}, {what}, expected RGB "
            "images of the shape (batch, height, width, 3): start it with "
            "keras.Input((None, None, 3)), and with keras.layers.Permute where its "
            "layers need another order."
        )
    size = images[1:3]
    if None not in size and logits[2:] == size and logits[1:3] != size:
        raise ValueError(
            f"The segmenter {segmenter.name!r} gives {logits}, its channels first, "
            "expected logits of the shape (batch, height, width, classes): end it with "
            "keras.layers.Permute((2, 3, 1))."
        )
