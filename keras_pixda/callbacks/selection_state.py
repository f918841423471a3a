"""What sample selection has decided so far."""

import dataclasses
from typing import Any

import numpy as np

PREFIX = "selection_"


@dataclasses.dataclass
class SelectionState:
    """Kept source images, next threshold and passes done; saved with the weights.

    Example:

    ```python
    import numpy as np
    from keras_pixda.callbacks import SelectionState

    store = {}
    SelectionState(np.array([1, 3]), threshold=0.8, passes=1).save(store)
    assert SelectionState.load(store).kept.tolist() == [1, 3]
    ```

    Args:
        kept: Indices of the source images that are kept, or `None` before the first
            selection: all. Defaults to `None`.
        threshold: What the next selection compares scores with, or `None` for its
            starting value. Defaults to `None`.
        passes: Selections done. Defaults to 0.
    """

    kept: np.ndarray | None = None
    threshold: float | None = None
    passes: int = 0

    def save(self, store: Any) -> None:
        """Write the state into a weights store, nothing before the first selection."""
        if self.passes:
            store[f"{PREFIX}kept"] = np.asarray(self.kept, dtype="int64")
            store[f"{PREFIX}threshold"] = np.float64(self.threshold)
            store[f"{PREFIX}passes"] = np.int64(self.passes)

    @classmethod
    def load(cls, store: Any) -> "SelectionState":
        """Read the state back."""
        if f"{PREFIX}passes" not in set(store.keys()):
            return cls()
        return cls(
            kept=np.array(store[f"{PREFIX}kept"], dtype="int64"),
            threshold=float(np.array(store[f"{PREFIX}threshold"])),
            passes=int(np.array(store[f"{PREFIX}passes"])),
        )
