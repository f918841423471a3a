"""The values that variables have on each replica, and nothing of them lost."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_pixda.machines import bytes_of_machines, machine_number


class ReplicaValues:
    """Variables of a model as arrays that say what each replica holds.

    Replicas update weights alike, but count and draw by themselves: running means of
    metrics, statistics of batch normalisation. Their mean or sum, which is what
    reading such a variable gives, does not bring the parts back. Where replicas differ
    an array has a first axis for them.

    Example:

    ```python
    import keras
    import tensorflow as tf
    from keras_pixda.callbacks.replica_values import ReplicaValues

    variable = keras.Variable([1.0, 2.0])
    values = ReplicaValues(tf.distribute.get_strategy())
    arrays, apart = values.read([variable])
    variable.assign([3.0, 4.0])
    values.assign([variable], arrays, apart)
    assert apart == [] and variable.numpy().tolist() == [1.0, 2.0]
    ```

    Args:
        strategy: The `tf.distribute.Strategy` of the model. All its machines have to
            read at the same moment of the program.
    """

    def __init__(self, strategy: Any):
        self.strategy = strategy
        self.replicas = strategy.num_replicas_in_sync

    def read(
        self, variables: Sequence, alike: Sequence = ()
    ) -> tuple[list[np.ndarray], list[int]]:
        """What variables hold.

        Args:
            variables: A list of `keras.Variable`.
            alike: Those of them that all replicas update together: one is read.

        Returns:
            An array of each, and the places of those that have an axis for replicas.
        """
        if self.replicas == 1:
            return [keras.ops.convert_to_numpy(x) for x in variables], []
        alike = set(map(id, alike))
        here = []
        for variable in variables:
            parts = self._parts(variable)
            if id(variable) in alike:
                parts = parts[:1]
            here.append([part.numpy() for part in parts])
        digests = [[_digest(part) for part in parts] for parts in here]
        everywhere = bytes_of_machines(self.strategy, json.dumps(digests).encode())
        apart = []
        for place, found in enumerate(zip(*map(json.loads, everywhere), strict=True)):
            if len(set().union(*found)) > 1:
                apart.append(place)
        arrays = [parts[0] for parts in here]
        if apart:
            own = b"".join(part.tobytes() for place in apart for part in here[place])
            told = bytes_of_machines(self.strategy, own)
            start = 0
            for place in apart:
                shape = (len(here[place]), *arrays[place].shape)
                dtype = arrays[place].dtype
                size = len(here[place]) * arrays[place].nbytes
                arrays[place] = np.concatenate(
                    [
                        np.frombuffer(data[start : start + size], dtype).reshape(shape)
                        for data in told
                    ]
                )
                start += size
        return arrays, apart

    def forms(self, variables: Sequence, apart: Sequence[int]) -> list[tuple]:
        """Shape and type of the array of each variable, as `read` has it."""
        return [
            (
                (self.replicas,) * (place in apart) + tuple(variable.shape),
                np.dtype(keras.backend.standardize_dtype(variable.dtype)),
            )
            for place, variable in enumerate(variables)
        ]

    def assign(
        self, variables: Sequence, arrays: Sequence[np.ndarray], apart: Sequence[int]
    ) -> None:
        """Let variables hold again what was read."""
        if self.replicas == 1:
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)
            return
        parts_here = len(self._parts(variables[0])) if variables else 0
        first = machine_number(self.strategy) * parts_here
        for place, (variable, array) in enumerate(zip(variables, arrays, strict=True)):
            for number, part in enumerate(self._parts(variable), start=first):
                part.assign(array[number] if place in apart else array)

    def _parts(self, variable):
        """The variables of this machine's replicas, in their order."""
        return self.strategy.experimental_local_results(variable.value)


def _digest(array):
    return hashlib.blake2b(array.tobytes(), digest_size=8).hexdigest()
