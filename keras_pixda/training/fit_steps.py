"""A training counted in steps, not in passes."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_pixda.callbacks import BadNumbers, StopAtStep
from keras_pixda.freed_memory import keep_freed_memory

# More passes than any training has: the steps end it.
ENDLESS = 1_000_000


def fit_steps(
    model: keras.Model, data: Any, steps: int, callbacks: Sequence = ()
) -> None:
    """Fit for a number of steps, over as many passes as that takes.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.training.fit_steps import fit_steps

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.zeros((1, 2)), np.zeros((1, 1))

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    fit_steps(model, Batches(), steps=3)
    assert model.optimizer.iterations == 3
    ```

    Args:
        model: A compiled model.
        data: What `fit` takes.
        steps: Steps in all; those of a restored optimizer count.
        callbacks: Further callbacks, called after the step is counted; those whose
            `dataset` or `callbacks` is `None` are told of them.
    """
    keep_freed_memory()
    callbacks = _introduce([StopAtStep(steps), BadNumbers(), *callbacks], data)
    [guard] = [x for x in callbacks if isinstance(x, BadNumbers)][:1]
    with guard.naming_batches():
        model.fit(data, epochs=ENDLESS, verbose=0, shuffle=False, callbacks=callbacks)


def _introduce(callbacks, data):
    """Tell callbacks that were made before it what is fitted, and of each other."""
    for callback in callbacks:
        for name, value in (("dataset", data), ("callbacks", callbacks)):
            if getattr(callback, name, value) is None:
                setattr(callback, name, value)
    return callbacks
