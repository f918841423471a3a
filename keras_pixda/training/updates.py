"""The gradients of one step, taken one stage after the other."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.typing import Tensor


class Updates:
    """Sum the gradients that the stages of a step add, and apply them at its end.

    All are taken at the same weights. What a stage computes from `after(...)` waits
    until the stages before it have their gradients, so that their activations are gone:
    a step needs the memory of its largest stage, not of all.

    Example:

    ```python
    import keras
    import tensorflow as tf
    from keras_pixda.training.updates import Updates

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    optimizer, updates = keras.optimizers.SGD(0.1), Updates()
    for inputs in (tf.ones((1, 2)), tf.zeros((1, 2))):
        inputs = updates.after(inputs)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(inputs))
        updates.add(tape, loss, optimizer, network)
    before = network.get_weights()[0]
    updates.apply()
    assert (abs(network.get_weights()[0] - (before - 0.1)) < 1e-6).all()
    ```
    """

    def __init__(self):
        self._sums = {}
        self._apart = {}

    def after(self, tensors: Any) -> Any:
        """The same tensors, there once all gradients added so far are."""
        kept = (*self._sums.values(), *self._apart.values())
        gradients = [g for *_, sums in kept for g in sums]
        with tf.control_dependencies([g for g in gradients if g is not None]):
            return keras.tree.map_structure(_same, tensors)

    def add(
        self,
        tape: Any,
        loss: Tensor,
        optimizer: keras.optimizers.Optimizer,
        network: keras.Model,
        apart: bool = False,
    ) -> None:
        """Add the gradients of a loss towards the weights of a network.

        Args:
            tape: The `tf.GradientTape` that recorded the loss; persistent if it is
                asked more than once.
            loss: A scalar.
            optimizer: Scales the loss in float16, and updates the network.
            network: The `keras.Model` to update.
            apart: Whether they have a sum of their own until `join`. Defaults to
                `False`.
        """
        with tape:  # Scaling the loss is recorded as well.
            scaled = optimizer.scale_loss(loss)
        # One way back at a time, for the same reason.
        start = self.after(tf.ones_like(scaled))
        gradients = tape.gradient(
            scaled, network.trainable_variables, output_gradients=start
        )
        kept = self._apart if apart else self._sums
        if id(network) in kept:
            *_, sums = kept[id(network)]
            pairs = zip(sums, gradients, strict=True)
            gradients = [_sum(old, new) for old, new in pairs]
        kept[id(network)] = optimizer, network, gradients

    def norm(self, network: keras.Model, apart: bool = False) -> Tensor:
        """The Euclidean norm of the sum for a network, a float32 scalar.

        Args:
            network: The `keras.Model`.
            apart: Whether of the sum that is apart. Defaults to `False`.
        """
        *_, gradients = (self._apart if apart else self._sums)[id(network)]
        gradients = [ops.cast(g, "float32") for g in gradients if g is not None]
        return ops.sqrt(sum(ops.sum(g * g) for g in gradients))

    def join(self, network: keras.Model, factor: Any = 1.0) -> None:
        """Add what is apart for a network to its sum, times a factor.

        Args:
            network: The `keras.Model`.
            factor: A float32 scalar. Defaults to 1.0.
        """
        optimizer, _, sums = self._sums[id(network)]
        *_, gradients = self._apart.pop(id(network))
        scaled = [None if g is None else g * factor for g in gradients]
        pairs = zip(sums, scaled, strict=True)
        sums = [_sum(old, new) for old, new in pairs]
        self._sums[id(network)] = optimizer, network, sums

    def apply(self) -> None:
        """Update every network, once no activations are left."""
        for optimizer, network, gradients in self._sums.values():
            optimizer.apply(self.after(gradients), network.trainable_variables)


def _same(tensor):
    return None if tensor is None else tf.identity(tensor)


def _sum(old, new):
    """The sum of two gradients, `None` where a weight had no part in the loss."""
    if old is None or new is None:
        return new if old is None else old
    return old + new
