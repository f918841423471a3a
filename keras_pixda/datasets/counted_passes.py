"""Data sets whose batches depend on the pass that they are in."""

from collections.abc import Iterator
from typing import Any

import keras


class CountedPasses(keras.utils.PyDataset):
    """A data set that counts its passes, in `fit` and in a loop of one's own.

    `on_epoch_end()` ends a pass if one was begun: by `on_epoch_begin()`, by iterating
    or by reading a batch. `fit` of any Keras model calls both by itself.

    Example:
    ```python
    from keras_pixda.datasets.counted_passes import CountedPasses

    class Numbers(CountedPasses):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            self.note_reading()
            return 10 * self.epoch + index

    numbers = Numbers()
    assert [number for number in numbers] == [0, 1, 2]
    numbers.on_epoch_end()
    assert [number for number in numbers] == [10, 11, 12]
    ```

    Args:
        **options: Those of `keras.utils.PyDataset`.

    Attributes:
        epoch: Number of finished passes; may be set.
        first_batch: Batches to leave out at the beginning of this pass; may be set.
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.epoch = 0
        self.first_batch = 0
        self._begun = self._looked = False

    def __iter__(self) -> Iterator:
        self._begun = True
        return super().__iter__()

    @property
    def num_batches(self) -> int:
        """Number of batches of this pass."""
        # Keras's `fit` looks at two batches, asks for this again and ends an epoch, all
        # before the first one: that look is no pass.
        self._looked = False
        return len(self)

    def note_reading(self) -> None:
        """Note that a batch is read."""
        self._looked = True

    def on_epoch_begin(self) -> None:
        """Note that a pass has begun."""
        self._begun = True

    def on_epoch_end(self) -> None:
        """Count the pass, if one has begun; the next one is whole."""
        if self._begun or self._looked:
            self.epoch += 1
            self.first_batch = 0
        self._begun = self._looked = False
