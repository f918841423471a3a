"""What a phase has learned, taken up again from its file."""

import os

import keras

from keras_pixda.models.load_model import load_weights


class SavedPhase:
    """A model that its own file can bring back as it was, in the same object.

    The file holds weights, optimizers and what the model saves of its own. Random
    seeds are in no file: they are those that the model had when it was built, so that
    what follows is the same in the process that trained it and in a later one.

    Example:

    ```python
    import tempfile
    import keras
    import numpy as np
    from keras_pixda.runs.saved_phase import SavedPhase

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    phase = SavedPhase(model)
    with tempfile.TemporaryDirectory() as folder:
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
        model.save(f"{folder}/model.keras")
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
        phase.restore(f"{folder}/model.keras")
    assert int(model.optimizer.iterations) == 1
    ```

    Args:
        model: A compiled `keras.Model`, just built.
    """

    def __init__(self, model: keras.Model):
        self.model = model
        weights = set(map(id, model.weights))
        self._seeds = [
            (variable, keras.ops.convert_to_numpy(variable))
            for variable in model.variables
            if id(variable) not in weights
        ]

    def restore(self, path: str | os.PathLike) -> None:
        """Bring the model back to what the file holds."""
        optimizer = self.model.optimizer
        if not optimizer.built:  # An optimizer without slots takes none up.
            optimizer.build(self.model.trainable_variables)
        load_weights(self.model, path)
        for variable, value in self._seeds:
            variable.assign(value)
