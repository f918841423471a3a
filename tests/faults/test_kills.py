"""Kill `train` at points of all phases; nothing of what it ends with may differ."""

import functools

import driver
import pytest

from keras_pixda.methods import METHODS

# In the order of a run; each goes on from the one before, and counts from there.
KILLS = [
    # Source only: 7 steps in passes of 4, a state every 3 steps and at each pass.
    "source_only_step:2",
    "half_a_state:1",
    "before_rename:1",
    "writing_state_after:1",
    "history_row_after:1",
    "pass_begins:2",
    "pass_begins_after:1",
    "source_only_step_after:2",
    "writing_state:1",
    "writing_source_only:1",
    "before_rename:1",
    "deleting_state:1",
    # Adaptation: passes of 4, 3, 2 and 1 step, as selection goes on.
    "writing_result:1",
    "adaptation_step:1",
    "adaptation_step:4",
    "evaluating:1",
    "selecting:1",
    "selecting:3",
    "selected:1",
    "selected_after:1",
    "history_row:1",
    "writing_state:2",
    "iou_rows:2",
    "half_a_state:1",
    "writing_state_after:1",
    "selecting:2",
    "iou_rows_after:2",
    "half_a_state:1",
    "writing_adapted:1",
    "before_rename:1",
    "deleting_state:2",
    # Distillation: 4 steps.
    "distillation_step:1",
    "half_a_state:1",
    "writing_state_after:1",
    "distillation_step_after:1",
    "history_row_after:1",
    "writing_distilled:1",
    "before_rename:1",
    "deleting_state:3",
    "writing_result:2",
]
# SIGTERM in every phase, in a write, and between two steps.
STOPS = [
    f"{point}:stop"
    for point in (
        "writing_state:1",
        "source_only_step:2",
        "source_only_step_after:1",
        "pass_begins:2",
        "writing_source_only:1",
        "adaptation_step:2",
        # Each may be ended by the alarm or by the next pass.
        "evaluating:1",
        "selecting:2",
        "iou_rows:1",
        "writing_adapted:1",
        "distillation_step:1",
        "distillation_step_after:2",
    )
]
# At any moment: how many seconds after the start of each process.
MOMENTS = [f"seconds:{seconds}" for seconds in (3, 5, 7, 9, 11, 13, 15, 17, 19, 21)]


@pytest.fixture
def change(change):
    """Settings of these runs, with changes."""
    return functools.partial(change, **driver.SETTINGS)


def end_of(config, folder, mode, *kills):
    """What the driver has noted of a run with kills."""
    noted, said = driver.driven("killed_runs.py", config, folder, mode, *kills)
    assert said.count("killed") >= len([k for k in kills if "seconds" not in k])
    return noted


@pytest.mark.faults
@pytest.mark.parametrize(
    ("mode", "dtype", "kills", "steps", "devices"),
    [
        ("eager", "float32", KILLS, 9, "1"),
        ("eager", "float32", STOPS, 9, "1"),
        ("graph", "float32", MOMENTS, 9, "1"),
        # Adaptation ends because selection leaves nothing.
        ("eager", "mixed_float16", KILLS, 50, "1"),
        ("eager", "float32", KILLS, 9, "2"),
    ],
)
def test_a_run_that_was_killed_everywhere_ends_the_same(
    change, tmp_path, mode, dtype, kills, steps, devices
):
    config = tmp_path / "config.json"
    config.write_text(change(dtype=dtype, steps=steps, devices=devices).to_json())
    whole = end_of(config, tmp_path / "whole", mode)
    killed = end_of(config, tmp_path / "killed", mode, *kills)
    kept, threshold = whole["selection"]
    assert kept == ([3, 7] if steps == 9 else [])
    assert threshold > 0.64
    phases = "source_only", "adaptation", "distillation"
    driver.assert_same_end(killed, whole, phases)


# Of a method with one phase; the numbers of steps and passes are those above.
OTHER_KILLS = [
    "source_only_step:2",
    "writing_source_only:1",
    "deleting_state:1",
    "adaptation_step:1",
    "half_a_state:1",
    "evaluating:1",
    "iou_rows_after:1",
    "history_row_after:1",
    "writing_state:2",
    "adaptation_step_after:3",
    "writing_distilled:1",
    "before_rename:1",
    "deleting_state:2",
    "writing_result:2",
]
CELL_KILLS = [
    "source_only_step:2",
    "writing_source_only:1",
    "deleting_state:1",
    "adaptation_step:4",
    "half_a_state:1",
    "writing_state_after:2",
    "writing_distilled:1",
    "before_rename:1",
    "writing_cell:1",
    "writing_cell_after:1",
]


@pytest.mark.faults
@pytest.mark.parametrize(
    ("mode", "kills", "devices"),
    [
        ("eager", OTHER_KILLS, "1"),
        ("compare", CELL_KILLS, "1"),
        ("compare", CELL_KILLS, "2"),
    ],
)
def test_every_method_and_cell_that_was_killed_ends_the_same(
    change, tmp_path, mode, kills, devices
):
    config = tmp_path / "config.json"
    config.write_text(change(method="fda", devices=devices).to_json())
    whole = end_of(config, tmp_path / "whole", mode)
    killed = end_of(config, tmp_path / "killed", mode, *kills)
    driver.assert_same_end(killed, whole, ("source_only", "adaptation"))


@pytest.mark.faults
@pytest.mark.parametrize("method", [name for name in METHODS if name != "pixda"])
def test_every_method_goes_on_on_two_devices(change, scenes, tmp_path, method):
    config = tmp_path / "config.json"
    settings = change(
        method=method,
        devices="2",
        source_steps=3,
        steps=6,  # A pass has 4.
        distillation_steps=1,
        unlabelled=f"images:{scenes / 'cityscapes/leftImg8bit/val'}",
    )
    config.write_text(settings.to_json())
    kills = ["adaptation_step:2", "adaptation_step:4", "half_a_state:1"]
    if method == "source_only":
        kills = ["source_only_step:2", "half_a_state:1"]
    whole = end_of(config, tmp_path / "whole", "eager")
    killed = end_of(config, tmp_path / "killed", "eager", *kills)
    state = "state of "
    phases = [name.removeprefix(state) for name in whole if name.startswith(state)]
    driver.assert_same_end(killed, whole, phases)
