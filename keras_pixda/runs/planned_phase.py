"""What is known of a phase before anything is made."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class PlannedPhase:
    """A phase of a run: how long it is, and the files that it leaves.

    Example:

    ```python
    from keras_pixda.runs import PlannedPhase

    phase = PlannedPhase("source only", 1000, "source_only.keras", "iou.csv", True)
    assert phase.history == "history_source_only.csv"
    ```

    Args:
        title: What it is called.
        steps: How many it has; 0 if it is left out.
        file: The model it leaves, which is the mark of its end.
        iou_table: The per-class IoU after each of its passes.
        plain: Whether that model is the segmenter alone, since no later phase goes on
            with its other networks and optimizers.
    """

    title: str
    steps: int
    file: str
    iou_table: str
    plain: bool

    @property
    def name(self) -> str:
        """The title in names of files."""
        return self.title.replace(" ", "_")

    @property
    def state(self) -> str:
        """Folder of its states."""
        return f"state/{self.name}"

    @property
    def history(self) -> str:
        """File of its history."""
        return f"history_{self.name}.csv"

    @property
    def tables(self) -> tuple[str, str]:
        """Every table that it may write."""
        return self.history, self.iou_table
