"""The phases of a run, known before anything is made."""

from keras_pixda.methods.registry import METHODS
from keras_pixda.runs.planned_phase import PlannedPhase
from keras_pixda.runs.settings import Settings

# What a run ends with.
RESULT = "segmenter.keras"
# What adaptation came to, where the result is the start or lies between them.
ADAPTED = "adapted.keras"
# What it begins with.
START = "source_only"
START_FILE = f"{START}.keras"


def run_plan(settings: Settings) -> tuple[PlannedPhase, ...]:
    """The phases of a run in order: source only, then those of its method.

    Source only leaves `source_only.keras`, the last phase of a method the plain
    `segmenter.keras`. A phase that another one goes on from leaves its whole model,
    with all networks and optimizers, as `METHOD.keras`; from a method's second phase
    on, as `METHOD_PHASE.keras`.

    Example:

    ```python
    from keras_pixda.runs import Settings, run_plan

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    files = [phase.file for phase in run_plan(settings)]
    assert files == ["source_only.keras", "pixda.keras", "segmenter.keras"]
    files = [phase.file for phase in run_plan(settings.change(method="fda"))]
    assert files == ["source_only.keras", "segmenter.keras"]
    ```

    Args:
        settings: The `Settings` of the run.

    Returns:
        A tuple of `PlannedPhase`.
    """
    [(title, steps)] = METHODS[START].plan(settings).items()
    table = f"per_class_iou_{START}.csv"
    plan = [PlannedPhase(title, steps, START_FILE, table, plain=True)]
    if settings.method == START:
        return tuple(plan)
    own = METHODS[settings.method].plan(settings)
    for number, (title, steps) in enumerate(own.items(), start=1):
        phase = "" if number == 1 else f"_{title.replace(' ', '_')}"
        last = number == len(own)
        file = RESULT if last else f"{settings.method}{phase}.keras"
        table = f"per_class_iou{phase}.csv"
        plan.append(PlannedPhase(title, steps, file, table, plain=last))
    return tuple(plan)
