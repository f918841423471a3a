"""The history of a training as a file that fits its state."""

import pathlib

import keras

from keras_pixda.replicas import is_chief, strategy_of
from keras_pixda.typing import FilePath, Logs
from keras_pixda.whole_file import whole_file


class HistoryCSV(keras.callbacks.CSVLogger):
    """`keras.callbacks.CSVLogger` for a training that may be killed.

    Of several machines the first writes it. With `ExactResume` the file of a resumed
    training has each pass once: rows of passes that are run again are dropped.

    Example:

    ```python
    import tempfile
    import keras
    import numpy as np
    from keras_pixda.callbacks import HistoryCSV

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with tempfile.TemporaryDirectory() as folder:
        history = HistoryCSV(f"{folder}/history.csv")
        model.fit(np.zeros((4, 2)), np.zeros((4, 1)), callbacks=[history], verbose=0)
        assert history.get_state().startswith("epoch,loss")
    ```

    Args:
        filename: File to write; rows are added to what it holds.
    """

    def __init__(self, filename: FilePath):
        super().__init__(str(filename), append=True)
        self.csv_file = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Open the file."""
        if self._writes():
            super().on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Add a row."""
        if self._writes():
            super().on_epoch_end(epoch, logs)

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the file."""
        if self.csv_file is not None:
            super().on_train_end(logs)

    def get_state(self) -> str:
        """What the file holds."""
        return pathlib.Path(self.filename).read_bytes().decode()

    def set_state(self, state: str | None) -> None:
        """Go back to what it held."""
        if not self._writes():
            return
        with whole_file(self.filename) as unfinished:
            unfinished.write_bytes((state or "").encode())
        self.on_train_begin()  # Opens it anew.

    def close(self) -> None:
        """Close the file, which Keras does only if training ends well."""
        self.on_train_end()

    def _writes(self):
        return is_chief(strategy_of(self.model))
