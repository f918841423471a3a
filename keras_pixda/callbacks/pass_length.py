"""Passes over the source that grow shorter, as selection goes on."""

import contextlib
import warnings
from collections.abc import Iterator

import keras

from keras_pixda.typing import Logs


class PassLength(keras.callbacks.Callback):
    """Tell the data set which pass it is in, and the progress bar how long that is.

    The models of this package put it before all other callbacks of `fit`.

    Example:

    ```python
    import keras
    from keras_pixda.callbacks.pass_length import PassLength

    class Shrinking(keras.utils.PyDataset):
        epoch = 0

        def __len__(self):
            return 5 - self.epoch

    data = Shrinking()
    length = PassLength(data)
    length.callbacks = keras.callbacks.CallbackList([length], steps=length.steps)
    length.callbacks.on_epoch_begin(2)
    assert (data.epoch, length.params["steps"]) == (2, 3)
    ```

    Args:
        dataset: The `keras.utils.PyDataset` that is fitted.
        steps_per_epoch: As in `fit`. Defaults to `None`, all batches of a pass.
        distributed: Whether replicas share its batches. Defaults to `False`.
    """

    def __init__(
        self,
        dataset: keras.utils.PyDataset,
        steps_per_epoch: int | None = None,
        distributed: bool = False,
    ):
        super().__init__()
        self.dataset = dataset
        self.steps_per_epoch = steps_per_epoch
        # Keras does not know the data set behind a distributed one.
        self.distributed = distributed
        self.callbacks = None

    @property
    def steps(self) -> int:
        """How many steps the pass has now."""
        return self.steps_per_epoch or self.dataset.num_batches

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Set the pass and its length."""
        if hasattr(self.dataset, "epoch"):
            self.dataset.epoch = epoch
        if self.distributed:
            self.dataset.on_epoch_begin()
        if self.params["steps"] != self.steps:
            self.callbacks.set_params({**self.params, "steps": self.steps})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Tell a data set that Keras does not see."""
        if self.distributed:
            self.dataset.on_epoch_end()


@contextlib.contextmanager
def passes_just_end() -> Iterator[None]:
    """Keep Keras from warning of passes shorter than the first, which are meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        yield
