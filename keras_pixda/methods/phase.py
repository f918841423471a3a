"""One training of a method."""

import dataclasses
from typing import Any


@dataclasses.dataclass
class Phase:
    """A compiled model, what it is fitted on, and for how many steps.

    Example:

    ```python
    from keras_pixda.methods import Phase

    phase = Phase("source only", model=None, data=None, steps=1000)
    assert phase.name == "source_only"
    ```

    Args:
        title: What the phase is called, in words.
        model: The compiled `keras.Model` to fit; where it has an `outcome`, or else a
            `segmenter`, that is what is measured and saved.
        data: What `fit` takes: a data set of this package, whose batches depend on
            their position alone.
        steps: Steps that the phase adds to those that the optimizer has made; 0 for a
            phase that is left out.
        callbacks: The method's own ones; what all phases have in common, such as
            resuming, guards and histories, is added. Defaults to none.
    """

    title: str
    model: object
    data: object
    steps: int
    callbacks: tuple = ()

    @property
    def name(self) -> str:
        """The title in names of files."""
        return self.title.replace(" ", "_")

    @property
    def segmenter(self) -> Any:
        """The network that the phase ends with."""
        segmenter = getattr(self.model, "segmenter", self.model)
        return getattr(self.model, "outcome", segmenter)

    @property
    def last_step(self) -> int:
        """The step of the optimizer that it ends with, asked before it begins."""
        return int(self.model.optimizer.iterations.numpy()) + self.steps
