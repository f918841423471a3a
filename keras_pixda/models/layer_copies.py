"""Layers made anew from those of another network, and the weights that they get."""

from collections.abc import Sequence

import keras
import numpy as np


class LayerCopies:
    """Layers of a new network whose weights come from another one.

    Layers have no weights before they are called: the copies are made first, and filled
    when the network is whole.

    Example:

    ```python
    import keras
    from keras_pixda.models.layer_copies import LayerCopies

    old = keras.layers.Dense(2)
    old.build((None, 3))
    copies, x = LayerCopies(), keras.Input((3,))
    network = keras.Model(x, copies.of(old, "new")(x))
    copies.fill()
    assert (network.get_weights()[0] == old.get_weights()[0]).all()
    ```
    """

    def __init__(self):
        self._values = []

    def of(self, layer: keras.layers.Layer, name: str) -> keras.layers.Layer:
        """A layer of Keras anew, under another name."""
        new = type(layer).from_config(layer.get_config() | {"name": name})
        return self.give(new, layer.get_weights())

    def give(
        self, layer: keras.layers.Layer, values: Sequence[np.ndarray]
    ) -> keras.layers.Layer:
        """The layer itself, which is to get these values as its weights."""
        self._values.append((layer, values))
        return layer

    def fill(self) -> None:
        """Give each layer its weights."""
        for layer, values in self._values:
            layer.set_weights(values)
