"""More steps for a run that has ended or was interrupted."""

from keras_pixda.callbacks import StateFolder
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.run_plan import RESULT, run_plan
from keras_pixda.runs.settings import Settings

# What may grow when a run is resumed; the rates with the steps.
GROWING = ("source_steps", "steps", "distillation_steps", "decay_steps")


def prolong(folder: RunFolder, before: Settings, after: Settings) -> str:
    """Ready the folder of a run to go on with more steps.

    The first phase that gets more goes on from its last saved state, which is kept for
    that; phases after it are made anew from what it then ends with. Since the batches
    and, with the same `decay_steps`, the rates depend on the step alone, the run ends
    as one that had all the steps from the beginning. Files are deleted from the last
    phase to the first, before the new settings are written: a run that is killed in
    between goes on with the old ones.

    Example:

    ```python
    import tempfile
    from keras_pixda.runs import RunFolder, Settings
    from keras_pixda.runs.prolong import prolong

    before = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder(f"{root}/run", before)
        text = prolong(folder, before, before.change(steps=700))
        folder.close()
    assert "600 to 700 steps" in text
    ```

    Args:
        folder: The open `RunFolder`.
        before: The `Settings` of the run so far.
        after: Its new ones.

    Returns:
        A sentence that tells what will be done.

    Raises:
        ValueError: If the settings differ in something else, if there are fewer steps,
            or if the state of the phase is gone.
    """
    old, new = before.by_name(), after.by_name()
    changed = [name for name in new if old[name] != new[name]]
    other = [name for name in changed if name not in GROWING]
    if other or changed == ["decay_steps"]:
        raise ValueError(
            f"{folder.path} holds a run with other settings "
            f"({_changes(other or changed, old, new)}): resume it with the same "
            f"ones; only {', '.join(GROWING[:-1])} may grow, and decay_steps with them."
        )
    fewer = [name for name in changed if new[name] < old[name]]
    if fewer:
        raise ValueError(
            f"{folder.path}: {_changes(fewer, old, new)}, but a run can be "
            "resumed with more steps only."
        )
    plans = [*zip(run_plan(before), run_plan(after), strict=True)]
    longer = [
        number
        for number, (earlier, phase) in enumerate(plans)
        # Later phases of a method take the rates on from the model of its first one.
        if earlier.steps != phase.steps or (number == 1 and "decay_steps" in changed)
    ]
    if not longer:
        return "The new settings change nothing of this run."
    earlier, first = plans[longer[0]]
    later = [phase for _, phase in plans[longer[0] + 1 :]]
    states = StateFolder(folder / first.state)
    if folder.has(first.file) and earlier.steps and not states.has_unfinished():
        raise ValueError(
            f"{folder.path} holds no state of its ended {first.title} ({first.state}): "
            "an earlier version or someone deleted it, and the run cannot be "
            "prolonged; begin anew (--overwrite)."
        )
    result = folder.read_json("result.json") if folder.has("result.json") else {}
    (folder / RESULT).unlink(missing_ok=True)
    for phase in reversed(later):
        _delete(folder, phase, result)
    (folder / first.file).unlink(missing_ok=True)
    states.drop_finished()
    result.pop("adapted", None)
    if result:
        folder.write("result.json", result)
    text = (
        f"{first.title.capitalize()} goes on from {earlier.steps} to {first.steps} "
        "steps"
    )
    anew = " and ".join(phase.title for phase in later)
    return f"{text}; {anew} made anew." if anew else f"{text}."


def _changes(names, old, new):
    return "; ".join(f"{name} was {old[name]!r}, is {new[name]!r}" for name in names)


def _delete(folder, phase, result):
    """Delete all that a phase has written, the mark that it has ended first."""
    for name in (phase.file, *phase.tables):
        (folder / name).unlink(missing_ok=True)
    StateFolder(folder / phase.state).clear()
    for measured in ("seconds", "batches"):
        result.get(measured, {}).pop(phase.name, None)
