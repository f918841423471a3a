"""Stop training after a number of steps, wherever a pass then is."""

import keras

from keras_pixda.typing import Logs


class StopAtStep(keras.callbacks.Callback):
    """Stop when the optimizer has done a number of steps in all.

    `fit` counts in passes over the source images, published schedules count in steps.
    The steps that a restored optimizer has behind it count as well.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.callbacks import StopAtStep

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((8, 2)), np.zeros((8, 1))
    stop = StopAtStep(3)
    model.fit(x, y, batch_size=1, callbacks=[stop], verbose=0)
    assert model.optimizer.iterations == 3
    ```

    Args:
        steps: Number of steps in all.

    Raises:
        ValueError: If `steps` is not positive.
    """

    def __init__(self, steps: int):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps must be positive, received {steps}.")
        self.steps = steps
        self.done = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Read once how many steps a restored optimizer has behind it."""
        if self.done is None:
            self.done = int(self.model.optimizer.iterations.numpy())
        if self.done >= self.steps:
            self.model.stop_training = True

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Do nothing more if a restored optimizer has done all steps."""
        if self.done >= self.steps:
            raise StopIteration  # Ends the pass.

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Count and stop."""
        self.done += 1
        if self.done >= self.steps:
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Forget the count."""
        self.done = None

    def get_state(self) -> int | None:
        """The count, which in float16 is more than the optimizer's steps."""
        return self.done

    def set_state(self, state: int | None) -> None:
        """Take the count up again."""
        self.done = state
