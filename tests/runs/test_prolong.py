import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.callbacks import StateFolder
from keras_pixda.models import small_segmenter
from keras_pixda.runs import RunFolder, Settings, train
from keras_pixda.runs.prolong import prolong

FILES = {
    "source only": ("source_only.keras", "history_source_only.csv"),
    "adaptation": ("pixda.keras", "history_adaptation.csv", "per_class_iou.csv"),
    "distillation": ("segmenter.keras", "history_distillation.csv"),
}
SECONDS = {"source_only": 1.0, "adaptation": 2.0, "distillation": 3.0}


def open_run(path, settings, **options):
    return RunFolder(path, settings, resume=True, prolong=prolong, **options)


@pytest.fixture
def ended(settings, tmp_path):
    """Folder of an ended run: as many files as a real one, but of text."""
    folder = RunFolder(tmp_path / "run", settings)
    for title, names in FILES.items():
        for name in names:
            folder.write(name, title)
        states = StateFolder(folder / f"state/{title.replace(' ', '_')}")
        states.write({"finished": False}, [np.ones(2)])
        states.write({"finished": True}, [np.ones(3)])
    folder.write(
        "result.json",
        {"seconds": SECONDS, "source_only": {"a": 1}, "adapted": {"a": 2}},
    )
    folder.close()
    return folder.path


def phases_left(path):
    """What is left of each phase: files, then states."""
    left = {}
    for title, names in FILES.items():
        files = [name for name in names if (path / name).exists()]
        states = path / "state" / title.replace(" ", "_")
        left[title] = (files, len([*states.glob("*.state")]))
    return left


ENDED = {title: ([*names], 2) for title, names in FILES.items()}
GOES_ON = {title: ([*names[1:]], 1) for title, names in FILES.items()}
ANEW = ([], 0)


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({"source_steps": 7}, "source only"),
        ({"steps": 7}, "adaptation"),
        ({"steps": 7, "distillation_steps": 3, "decay_steps": 2000}, "adaptation"),
        ({"distillation_steps": 3}, "distillation"),
        # The rates of a distillation are those of the model that adaptation leaves.
        ({"distillation_steps": 3, "decay_steps": 2000}, "adaptation"),
    ],
)
def test_the_first_longer_phase_goes_on_and_later_ones_begin_anew(
    ended, change, more, first
):
    settings = change(**more)
    folder = open_run(ended, settings)
    titles = [*FILES]
    place = titles.index(first)
    assert phases_left(ended) == {
        **{title: ENDED[title] for title in titles[:place]},
        first: GOES_ON[first],
        **dict.fromkeys(titles[place + 1 :], ANEW),
    }
    result = folder.read_json("result.json")
    assert "adapted" not in result
    assert result["source_only"] == {"a": 1}
    # The seconds of what goes on are added to.
    assert [*result["seconds"]] == [*SECONDS][: place + 1]
    assert Settings.from_file(ended / "config.json") == settings
    assert folder.note.startswith(f"{first.capitalize()} goes on from ")
    assert ("made anew" in folder.note) == (first != "distillation")
    folder.close()
    again = open_run(ended, settings)
    assert again.note == ""
    again.close()


def test_a_kill_before_the_new_settings_are_written_leaves_the_old_run(
    ended, settings, change, monkeypatch
):
    def killed(folder, name, content):
        if name == "config.json":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            open_run(ended, change(steps=7))
    folder = open_run(ended, settings)
    # Adaptation goes on to its old end from the last state.
    assert phases_left(ended)["adaptation"] == GOES_ON["adaptation"]
    assert folder.note == ""
    folder.close()


def test_an_interrupted_phase_keeps_its_states(ended, change):
    shutil.rmtree(ended / "state/distillation")
    for name in ("segmenter.keras", "pixda.keras"):
        (ended / name).unlink()
    StateFolder(ended / "state/adaptation").drop_finished()
    folder = open_run(ended, change(steps=7))
    assert phases_left(ended)["adaptation"] == GOES_ON["adaptation"]
    folder.close()


def test_distillation_that_was_not_wanted_needs_no_state(tmp_path, change):
    folder = RunFolder(tmp_path / "run", change(distillation_steps=0))
    folder.write("segmenter.keras", "that of the adaptation")
    folder.close()
    folder = open_run(folder.path, change(distillation_steps=2))
    assert not folder.has("segmenter.keras")
    folder.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 4}, "steps was 5, is 4, but a run can be resumed with more"),
        (
            {"steps": 9, "distillation_steps": 1},
            "distillation_steps was 2, is 1, but a run can",
        ),
        (
            {"steps": 9, "gamma": 1.0},
            r"other settings \(gamma was 2.0, is 1.0\).* may grow",
        ),
        ({"decay_steps": 2000}, r"other settings \(decay_steps was 1000, is 2000\)"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_lost(ended, change, changes, message):
    before = (ended / "config.json").read_bytes()
    with pytest.raises(ValueError, match=message):
        open_run(ended, change(**changes))
    assert phases_left(ended) == ENDED
    assert (ended / "config.json").read_bytes() == before


def test_an_ended_phase_whose_state_is_gone_is_refused(ended, change):
    shutil.rmtree(ended / "state")
    with pytest.raises(ValueError, match=r"no state of its ended adaptation \(state/"):
        open_run(ended, change(steps=7))
    assert (ended / "segmenter.keras").exists()
    # Distillation alone is refused too, and what needs nothing of it is not.
    with pytest.raises(ValueError, match="ended distillation"):
        open_run(ended, change(distillation_steps=7))
    folder = open_run(ended, change())
    folder.close()


def test_with_weights_there_is_no_source_only_phase_to_prolong(tmp_path, change):
    weights = {"weights": "some.keras"}
    folder = RunFolder(tmp_path / "run", change(**weights))
    folder.write("source_only.keras", "those weights")
    folder.close()
    folder = open_run(folder.path, change(source_steps=7, **weights))
    assert folder.has("source_only.keras")
    assert folder.note == "The new settings change nothing of this run."
    folder.close()


def test_steps_beyond_the_schedule_say_what_they_need(change):
    with pytest.raises(ValueError, match=r"decay_steps is 1000, .* give it as well"):
        change(steps=1001)


@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
def test_a_prolonged_run_ends_as_one_that_had_the_steps_from_the_start(
    settings, tmp_path
):
    small_segmenter(19, filters=2).save(tmp_path / "start.keras")
    settings = settings.change(
        weights=str(tmp_path / "start.keras"),
        selection=False,
        ema=0.9,
        panels=0,
        save_every=2,
    )

    def run(name, steps, distillation_steps):
        changes = {"steps": steps, "distillation_steps": distillation_steps}
        chosen = settings.change(**changes)
        folder = tmp_path / name
        train(chosen, folder, resume=folder.exists(), verbose=False)
        return folder

    # A few steps take longer to compile.
    tf.config.run_functions_eagerly(True)
    try:
        prolonged, whole = run("prolonged", 3, 1), run("whole", 5, 2)
        run("prolonged", 5, 2)
    finally:
        tf.config.run_functions_eagerly(False)
    for name in ("pixda.keras", "segmenter.keras"):
        found, wanted = (
            keras.saving.load_model(folder / name) for folder in (prolonged, whole)
        )
        for value, expected in zip(found.variables, wanted.variables, strict=True):
            np.testing.assert_array_equal(value, expected)
    for path in whole.glob("*.csv"):
        assert (prolonged / path.name).read_text() == path.read_text()
    results = [
        json.loads((folder / "result.json").read_text())
        for folder in (prolonged, whole)
    ]
    assert results[0]["adapted"] == results[1]["adapted"]
    config = (prolonged / "config.json").read_text()
    assert config == (whole / "config.json").read_text()
