"""Kill one or both of two processes that are one job; nothing may differ at the end."""

import driver
import pytest

# In the order of a run; 0 is the process that writes. See KILLS of test_kills.
KILLS = [
    # Source only: 7 steps in passes of 4, a state every 3 steps and at each pass.
    "1:source_only_step:2",
    "0:half_a_state:1",
    "0:before_rename:1",
    "0:writing_state_after:1",
    "1:history_row_after:1",
    "01:pass_begins:2",
    "1:pass_begins_after:1",
    "01:source_only_step_after:2",
    "0:writing_state:1",
    "0:writing_source_only:1",
    "1:writing_source_only:1",
    "0:before_rename:1",
    "0:deleting_state:1",
    # Adaptation: passes of 4, 3, 2 and 1 step, as selection goes on.
    "0:writing_result:1",
    "0:adaptation_step:1",
    "1:adaptation_step:4",
    "1:evaluating:1",
    "1:selecting:1",
    "01:selecting:2",
    "0:selected:1",
    "1:selected_after:1",
    "0:history_row:1",
    "0:writing_state:2",
    "0:iou_rows:2",
    "0:half_a_state:1",
    "1:adaptation_step_after:1:stop",
    "1:writing_adapted:1",
    "0:before_rename:1",
    # Distillation: 4 steps.
    "1:distillation_step:1",
    "0:half_a_state:1",
    "01:distillation_step_after:1",
    "0:writing_distilled:1",
    "0:before_rename:1",
    "1:writing_result:2",
]


def end_of(config, folder, *kills):
    """What is noted of a job with kills, and what was said of each."""
    noted, said = driver.driven("killed_workers.py", config, folder, *kills)
    assert said.count("killed") == len(kills)
    return noted, said


@pytest.mark.faults
def test_a_job_of_two_processes_that_was_killed_everywhere_ends_the_same(
    change, tmp_path
):
    config = tmp_path / "config.json"
    config.write_text(change(**driver.SETTINGS).to_json())
    whole, _ = end_of(config, tmp_path / "whole")
    killed, said = end_of(config, tmp_path / "killed", *KILLS)
    # A signal to one of them saves the state and stops both.
    [stopped] = [line for line in said.splitlines() if ":stop " in line]
    assert "{0: 75, 1: 75}" in stopped or "{1: 75, 0: 75}" in stopped
    phases = "source_only", "adaptation", "distillation"
    driver.assert_same_end(killed, whole, phases)
