"""The gradients of one step, taken one stage after the other."""

from typing import Any

import keras
import tensorflow as tf

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

    def after(self, tensors: Any) -> Any:
        """The same tensors, there once all gradients added so far are."""
        gradients = [g for *_, sums in self._sums.values() for g in sums]
        with tf.control_dependencies([g for g in gradients if g is not None]):
            return keras.tree.map_structure(_same, tensors)

    def add(
        self,
        tape: Any,
        loss: Tensor,
        optimizer: keras.optimizers.Optimizer,
        network: keras.Model,
    ) -> None:
        """Add the gradients of a loss towards the weights of a network.

        Args:
            tape: The `tf.GradientTape` that recorded the loss; persistent if it is
                asked more than once.
            loss: A scalar.
            optimizer: Scales the loss in float16, and updates the network.
            network: The `keras.Model` to update.
        """
        with tape:  # Scaling the loss is recorded as well.
            scaled = optimizer.scale_loss(loss)
        # One way back at a time, for the same reason.
        start = self.after(tf.ones_like(scaled))
        gradients = tape.gradient(
            scaled, network.trainable_variables, output_gradients=start
        )
        if id(network) in self._sums:
            *_, sums = self._sums[id(network)]
            pairs = zip(sums, gradients, strict=True)
            gradients = [_sum(old, new) for old, new in pairs]
        self._sums[id(network)] = optimizer, network, gradients

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
