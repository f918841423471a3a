"""A second head for any segmenter."""

from typing import Any

import keras

from keras_pixda.layers import resized_like
from keras_pixda.models.with_own_auxiliary_head import with_own_auxiliary_head

HEAD = "auxiliary_head"


def with_auxiliary_head(segmenter: keras.Model) -> keras.Model:
    """A network with the outputs `[auxiliary, main]`, the main one the segmenter's.

    The networks of `keras_pixda.models.SEGMENTERS` are built anew with their own
    auxiliary head and get the weights of the segmenter, which stays as it is. To any
    other functional model, nested ones too, a convolution of size 1 is added on the
    last inner feature map that at least a tenth of the layers with kernels come after,
    and two of them; the layers are those of the segmenter, which is then trained with
    the network.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models.with_auxiliary_head import with_auxiliary_head
    from keras_pixda.models import small_segmenter

    network = with_auxiliary_head(small_segmenter(num_classes=3, filters=4))
    auxiliary, main = network(np.zeros((1, 32, 48, 3)))
    assert auxiliary.shape == main.shape == (1, 32, 48, 3)
    ```

    Args:
        segmenter: A functional `keras.Model` from images `(batch, height, width, 3)` to
            logits `(batch, height, width, classes)`.

    Returns:
        The network, whose new head has random weights.

    Raises:
        ValueError: If no inner feature map can bear a head.
    """
    return with_own_auxiliary_head(segmenter) or _extended(segmenter)


def _extended(segmenter):
    """The layers of any functional model, and a head."""
    inner = flat(segmenter)
    images = keras.Input(segmenter.input_shape[1:], name="images")
    calls = []

    def call(layer, *args, **kwargs):
        calls.append((layer, layer(*args, **kwargs)))
        return calls[-1][1]

    whole = keras.models.clone_model(inner, images, lambda layer: layer, call)
    features = _feature_map(calls)
    if features is None:
        raise ValueError(
            f"The network {segmenter.name!r} has no inner feature map that a second "
            "head could judge, which the method needs: it has too few layers, or hides "
            "them in a class of its own. Take another network, or another method."
        )
    head = keras.layers.Conv2D(
        segmenter.output_shape[-1],
        1,
        data_format="channels_last",
        dtype="float32",
        name=HEAD,
    )
    logits = resized_like(head(features), images, "auxiliary_logits", dtype="float32")
    return keras.Model(images, [logits, whole.output], name=segmenter.name)


def flat(model: keras.Model) -> Any:
    """The same functional model without models inside it, whose layers it shares."""
    if isinstance(model, keras.Sequential):
        images = keras.Input(model.input_shape[1:])
        model = keras.Model(images, model(images))
    while any(map(_is_functional, model.layers)):

        def call(layer, *args, **kwargs):
            if _is_functional(layer):
                given = keras.tree.flatten(args)
                # Its layers, one by one.
                return layer.call(keras.tree.pack_sequence_as(layer.input, given))
            return layer(*args, **kwargs)

        try:
            model = keras.models.clone_model(
                model, None, lambda layer: layer, call_function=call
            )
        except ValueError:  # Layers in two of them have the same name.
            break
    return model


def _is_functional(layer):
    """Whether it is a model with layers to look at; some only resize."""
    return (
        isinstance(layer, keras.Model)
        and bool(layer.weights)
        and bool(getattr(layer, "outputs", None))
    )


def _feature_map(calls):
    """The map to put a head on, of the layers in order and what they gave."""
    kernels = [
        number
        for number, (layer, _) in enumerate(calls)
        if any(len(weight.shape) > 1 for weight in getattr(layer, "weights", ()))
    ]
    behind = max(2, round(len(kernels) / 10))
    if len(kernels) <= behind:
        return None
    maps = [
        output
        for _, output in calls[kernels[0] : kernels[-behind]]
        if isinstance(output, keras.KerasTensor)
        and len(output.shape) == 4
        and output.shape[-1] is not None
    ]
    return maps[-1] if maps else None
