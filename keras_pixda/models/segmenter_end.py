"""What a segmenter ends in."""

from typing import Any

import keras
import numpy as np

from keras_pixda.private_keras import history_of, inputs_of

# Layers and operations, in lower case without underscores, that move or repeat values.
MOVES = {
    *("alignedresize", "resize", "resizing", "upsampling2d", "cropping2d"),
    *("zeropadding2d", "pad", "cropimages", "padimages"),
    *("reshape", "permute", "transpose", "swapaxes", "moveaxis", "flatten"),
    *("squeeze", "expanddims", "repeat", "tile", "flip", "getitem", "slice"),
    *("cast", "identity", "copy", "stopgradient", "dropout", "spatialdropout2d"),
    *("gaussiannoise", "gaussiandropout", "alphadropout", "activityregularization"),
    *("averagepooling2d", "maxpooling2d", "averagepool", "maxpool", "depthtospace"),
}
# Functions whose values lie in -1..1, so that they cannot be logits.
BOUNDED = {
    *("softmax", "sparsemax", "onehot"),
    *("sigmoid", "hardsigmoid", "sparsesigmoid"),
    *("tanh", "hardtanh", "softsign"),
}


def activation_at_the_end(segmenter: keras.Model) -> tuple[str, Any] | None:
    """The name of an activation whose values are no logits, and the layer it is in.

    It is looked for inside nested models and wrappers and before whatever only moves
    values. Where the end is code of its own, the values for random images tell.

    Args:
        segmenter: A functional `keras.Model` with one output.

    Returns:
        A pair of the name and the layer or operation; `None` if there is none.
    """
    operation = _last_operation(segmenter.outputs[0])
    if operation is None:
        return None
    inner = operation
    while isinstance(getattr(inner, "layer", None), keras.layers.Layer):
        inner = inner.layer  # A wrapper, such as TimeDistributed.
    for function in (inner, getattr(inner, "activation", None)):
        name = _name(function)
        if name.replace("_", "") in BOUNDED:
            return name, inner
    if not _is_known(inner):
        name = _activation_of_values(segmenter)
        if name:
            return name, inner
    return None


def _last_operation(tensor):
    """What made the values of a symbolic tensor, before they were moved."""
    calls = []  # Of the nested models that the tensor is in.
    while True:
        history = history_of(tensor)
        if history is None:
            return None
        operation, call, place = history
        if calls and isinstance(operation, keras.layers.InputLayer):
            model, inputs = calls.pop()
            places = [i for i, given in enumerate(model.inputs) if given is tensor]
            tensor = inputs[places[0]]
            continue
        inputs = inputs_of(operation, call)
        if isinstance(operation, keras.Model) and _has_graph(operation):
            if _is_resize(operation):
                tensor = inputs[0]
            else:
                calls.append((operation, inputs))
                tensor = operation.outputs[place]
        elif inputs and _moves(operation):
            tensor = inputs[0]
        else:
            return operation


def _moves(operation):
    """Whether an operation only moves values, or casts them as a linear layer does."""
    if isinstance(operation, keras.layers.Activation):
        return _name(operation.activation) == "linear"
    return _name(operation).replace("_", "") in MOVES


def _has_graph(model):
    """Whether a model is functional; one that is a class of its own has no graph."""
    try:
        return bool(model.outputs) and history_of(model.outputs[0]) is not None
    except AttributeError:
        return False


def _is_resize(model):
    """Whether a model resizes its first input to the size of its second."""
    return len(model.inputs) == 2 and not model.weights and len(model.outputs) == 1


def _name(function):
    """The name of a function, or of the class of a layer or operation."""
    if isinstance(function, keras.layers.Lambda):
        function = function.function
    name = getattr(function, "__name__", type(function).__name__)
    return name.lower()


def _is_known(operation):
    """Whether it is a layer of Keras or of this package, whose name says what it is."""
    package = type(operation).__module__.split(".")[0]
    own_code = isinstance(operation, keras.layers.Lambda | keras.Model)
    layer = isinstance(operation, keras.layers.Layer)
    return layer and package in ("keras", "keras_pixda") and not own_code


def _activation_of_values(segmenter):
    """What the values for random images look like, `None` if like logits."""
    height, width = (side or 64 for side in segmenter.inputs[0].shape[1:3])
    images = np.random.default_rng(0).uniform(0, 255, (1, height, width, 3))
    try:
        values = segmenter(images.astype("float32"), training=False)
        values = keras.ops.convert_to_numpy(values).astype("float64")
    except Exception:  # Whatever a network raises at a size it cannot take.
        return None
    # Zeros are of a fresh head or a ReLU; what is constant tells nothing.
    if not np.all((values > 0) & (values <= 1)) or np.ptp(values) == 0:
        return None
    if values.shape[-1] > 1 and np.allclose(values.sum(axis=-1), 1.0, atol=1e-2):
        return "softmax"
    return "sigmoid"
