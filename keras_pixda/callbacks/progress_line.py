"""Training progress on one line."""

import keras

from keras_pixda.progress import Progress
from keras_pixda.typing import Logs


class ProgressLine(keras.callbacks.Callback):
    """One line of progress for a training counted in steps, not in epochs.

    Use it with `fit(..., verbose=0)`: Keras's bar starts again with every pass and
    breaks over several lines when a model has many loss terms.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.callbacks import ProgressLine

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    line = ProgressLine("training", steps=4)
    x, y = np.zeros((4, 2)), np.zeros((4, 1))
    model.fit(x, y, batch_size=1, callbacks=[line], verbose=0)
    assert line.done == 4
    ```

    Args:
        title: What is going on, at most 14 characters.
        steps: Steps in all; those of a restored optimizer count.
        verbose: Whether to show anything. Defaults to `True`.
    """

    def __init__(self, title: str, steps: int, verbose: bool = True):
        super().__init__()
        self.title = title
        self.steps = steps
        self.verbose = verbose
        self.progress = None
        self.done = None
        self.passes = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Start where a restored optimizer stopped."""
        self.passes = epoch + 1
        if self.done is None:
            self.done = int(self.model.optimizer.iterations.numpy())
        if self.progress is None:
            self.progress = Progress(self.title, self.steps, self.verbose)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Count and show."""
        self.done += 1
        # The loss is looked at only when it is shown: until then the step may go on.
        self.progress(
            min(self.done, self.steps),
            note=lambda: f"pass {self.passes}, loss {float(logs['loss']):.3f}",
        )

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Make room for what others print between passes."""
        self.progress.pause()

    def get_state(self) -> int | None:
        """The steps done."""
        return self.done

    def set_state(self, state: int | None) -> None:
        """Go on from there."""
        self.done = state
