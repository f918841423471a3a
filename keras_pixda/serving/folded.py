"""A segmenter for inference alone, its batch normalisations inside its convolutions."""

import collections

import keras

from keras_pixda.private_keras import history_of, inputs_of, is_functional

CONVOLUTIONS = keras.layers.Conv2D, keras.layers.DepthwiseConv2D


def folded(segmenter: keras.Model) -> keras.Model:
    """A copy that answers the same, each batch normalisation part of a convolution.

    In inference a normalisation is a factor and an offset for each channel, which the
    convolution before it takes over as kernel and bias. That holds for stock layers of
    functional models in float32; whatever else there is stays, and so does the
    segmenter. Answers are equal up to rounding.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.serving.folded import folded

    segmenter = small_segmenter(num_classes=5, filters=2)
    images = np.random.default_rng(0).integers(0, 256, (1, 32, 48, 3))
    assert np.allclose(folded(segmenter)(images), segmenter(images), atol=1e-4)
    ```

    Args:
        segmenter: A `keras.Model`.

    Returns:
        A `keras.Model`; the segmenter itself where nothing can be folded.
    """
    pairs = _pairs(segmenter) if is_functional(segmenter) else {}
    if not pairs:
        return segmenter
    normalisations = set(pairs.values())

    def copy(layer):
        if layer in pairs:
            return type(layer).from_config({**layer.get_config(), "use_bias": True})
        if layer in normalisations:
            return keras.layers.Activation("linear", name=layer.name, dtype="float32")
        return layer

    network = keras.Model(segmenter.input, segmenter.output, name=segmenter.name)
    network = keras.models.clone_model(
        network, clone_function=copy, call_function=_call
    )
    for layer, normalisation in pairs.items():
        network.get_layer(layer.name).set_weights(_weights(layer, normalisation))
    return network


def _call(layer, *inputs, **options):
    if isinstance(layer, keras.layers.Activation):
        options.pop("mask", None)  # Recorded of the normalisation, which takes one.
    return layer(*inputs, **options)


def _pairs(segmenter):
    """Each convolution with the normalisation that alone reads what it gives."""
    readers, found = collections.Counter(), {}
    waiting, done = [*segmenter.outputs], set()
    outputs = {id(history_of(x)[0]) for x in waiting}
    while waiting:
        operation, call, _ = history_of(waiting.pop())
        if (id(operation), call) in done:
            continue
        done.add((id(operation), call))
        for x in inputs_of(operation, call):
            waiting.append(x)
            before, _, _ = history_of(x)
            readers[id(before)] += 1
            if _folds(before, operation):
                found[before] = operation
    calls = collections.Counter(operation for operation, _ in done)
    return {
        layer: normalisation
        for layer, normalisation in found.items()
        if readers[id(layer)] == calls[id(layer)] == calls[id(normalisation)] == 1
        and id(layer) not in outputs
    }


def _folds(layer, normalisation):
    return (
        type(layer) in CONVOLUTIONS
        and type(normalisation) is keras.layers.BatchNormalization
        and normalisation.axis in (-1, 3)
        and layer.data_format == "channels_last"
        and layer.activation is keras.activations.linear
        and not getattr(layer, "lora_enabled", False)
        and not layer.quantization_mode
        and {layer.compute_dtype, normalisation.compute_dtype} == {"float32"}
    )


def _weights(layer, normalisation):
    """Kernel and bias of a convolution that normalises."""
    kernel, *bias = (w.astype("float64") for w in layer.get_weights())
    kept = {w.name: w.numpy().astype("float64") for w in normalisation.weights}
    deviation = (kept["moving_variance"] + normalisation.epsilon) ** 0.5
    factor = kept.get("gamma", 1.0) / deviation
    offset = kept.get("beta", 0.0) - kept["moving_mean"] * factor
    if type(layer) is keras.layers.DepthwiseConv2D:
        scaled = kernel * factor.reshape(kernel.shape[2:])
    else:
        scaled = kernel * factor
    return [scaled, offset + (bias[0] * factor if bias else 0.0)]
