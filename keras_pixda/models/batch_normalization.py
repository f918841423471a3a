"""The batch normalisations in a network, and what of each is trained."""

import keras

from keras_pixda.layers import FixedScaleBatchNormalization
from keras_pixda.private_keras import layers_of


def batch_normalizations(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Every batch normalisation of a network, those of models and layers inside too."""
    kind = keras.layers.BatchNormalization
    return [layer for layer in layers_of(model) if isinstance(layer, kind)]


def trainability(model: keras.Model) -> dict[str, list[bool]]:
    """What of its batch normalisations is trained, where that is unusual.

    Args:
        model: The network.

    Returns:
        A dict from the name of a layer to whether its statistics move, and whether its
        scale and offset are trained.
    """
    states = {}
    for layer in batch_normalizations(model):
        state = [layer.trainable, all(v.trainable for v in scale_and_offset(layer))]
        if state != usual(layer):
            states[layer.name] = state
    return states


def set_trainability(model: keras.Model, states: dict[str, list[bool]]) -> None:
    """Let the batch normalisations of a network be trained as those of another one.

    Args:
        model: A network with layers of the same names.
        states: What `trainability` gave.
    """
    for layer in batch_normalizations(model):
        let_train(layer, *states.get(layer.name, usual(layer)))


def let_train(
    layer: keras.layers.BatchNormalization, statistics: bool, scale: bool
) -> None:
    """Choose whether its statistics move, and whether scale and offset are trained."""
    layer.trainable = statistics
    # One by one: on TensorFlow a layer that is trainable already passes nothing on.
    for variable in scale_and_offset(layer):
        variable.trainable = statistics and scale


def scale_and_offset(layer: keras.layers.BatchNormalization) -> list[keras.Variable]:
    """Those of the two variables that a batch normalisation has."""
    return [variable for variable in (layer.gamma, layer.beta) if variable is not None]


def usual(layer: keras.layers.BatchNormalization) -> list[bool]:
    """Whether statistics move, and scale and offset are trained, in a new layer."""
    fixed = isinstance(layer, FixedScaleBatchNormalization)
    return [True, not (fixed and scale_and_offset(layer))]
