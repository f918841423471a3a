"""The phases of a run: what decides how long each is, and what it leaves."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Phase:
    """One phase of a run.

    Example:

    ```python
    from keras_pixda.runs.phases import PHASES

    [phase.file for phase in PHASES]  # ["source_only.keras", ...]
    ```

    Args:
        title: What it is called.
        file: The model it leaves, which is the mark of its end.
        steps: The setting that says how many steps it has.
        further_tables: Tables it writes beside its history. Defaults to none.
    """

    title: str
    file: str
    steps: str
    further_tables: tuple = ()

    @property
    def name(self):
        """The title in names of files."""
        return self.title.replace(" ", "_")

    @property
    def state(self):
        """Folder of its states."""
        return f"state/{self.name}"

    @property
    def history(self):
        """File of its history."""
        return f"history_{self.name}.csv"

    @property
    def tables(self):
        """Every table that it writes."""
        return (self.history, *self.further_tables)

    def longer(self, before, after):
        """Whether it has more to do under new settings than under those before."""
        if self is SOURCE_ONLY and after.network.weights is not None:
            return False
        # Distillation takes the rates on from the model of the adaptation.
        names = (self.steps, "decay_steps") if self is ADAPTATION else (self.steps,)
        before, after = before.training, after.training
        return any(getattr(before, n) != getattr(after, n) for n in names)


SOURCE_ONLY = Phase("source only", "source_only.keras", "source_steps")
ADAPTATION = Phase("adaptation", "pixda.keras", "steps", ("per_class_iou.csv",))
DISTILLATION = Phase("distillation", "segmenter.keras", "distillation_steps")
PHASES = (SOURCE_ONLY, ADAPTATION, DISTILLATION)
