"""A run that is resumed with more steps ends as one that had them from the start."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.runs import Pipeline, RunFolder, Settings, train

pytestmark = [
    pytest.mark.faults,
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]
STEPS = ("source_steps", "steps", "distillation_steps")


@pytest.fixture(scope="module")
def run(settings):
    """Return `run(folder, *steps)`, which begins a run or resumes it."""
    tf.config.run_functions_eagerly(True)  # A few steps take longer to compile.
    common = settings.change(panels=1, save_every=2, ema=0.9)

    def run(folder, *steps, **changes):
        changes |= dict(zip(STEPS, steps, strict=False))
        chosen = common.change(**changes)
        return train(chosen, folder, resume=folder.exists(), verbose=False)

    yield run
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def short(run, tmp_path_factory):
    """A finished run; a pass has four steps, and a state is saved every two."""
    folder = tmp_path_factory.mktemp("prolong") / "short"
    run(folder, 3, 5, 2)
    return folder


@pytest.fixture(scope="module")
def whole(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prolong") / "whole"
    run(folder, 3, 9, 4)
    return folder


@pytest.fixture
def copy(short, tmp_path):
    return shutil.copytree(short, tmp_path / "copy")


def everything(path):
    """Weights, optimizer slots and counts of a saved model."""
    model = keras.saving.load_model(path)
    optimizers = [
        value
        for _, value in sorted(vars(model).items(), key=lambda item: item[0])
        if isinstance(value, keras.optimizers.Optimizer)
    ]
    values = [*model.variables, *(v for o in optimizers for v in o.variables)]
    return [keras.ops.convert_to_numpy(value) for value in values]


def assert_the_same(folder, other):
    for name in ("source_only.keras", "pixda.keras", "segmenter.keras"):
        found, wanted = everything(folder / name), everything(other / name)
        for value, expected in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(value, expected)
    for path in other.glob("*.csv"):
        assert (folder / path.name).read_text() == path.read_text()
    found, wanted = (
        json.loads((place / "result.json").read_text()) for place in (folder, other)
    )
    assert set(found.pop("seconds")) == set(wanted.pop("seconds"))
    assert found == wanted
    assert (folder / "config.json").read_text() == (other / "config.json").read_text()


def test_adaptation_and_then_distillation_go_on_to_the_same_end(run, copy, whole):
    before = (copy / "source_only.keras").read_bytes()
    seconds = json.loads((copy / "result.json").read_text())["seconds"]
    run(copy, 3, 9, 2)
    assert (copy / "source_only.keras").read_bytes() == before
    result = json.loads((copy / "result.json").read_text())
    assert result["seconds"]["adaptation"] > seconds["adaptation"]
    adapted = (copy / "pixda.keras").read_bytes()
    run(copy, 3, 9, 4)
    assert (copy / "pixda.keras").read_bytes() == adapted
    assert_the_same(copy, whole)


def test_a_run_that_was_interrupted_goes_on_with_more(
    run, tmp_path, whole, monkeypatch
):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "adapt", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "run", 2, 5, 2)
    with monkeypatch.context() as patch:
        # The source-only phase has ended with its last state, but left no model.
        patch.setattr(Pipeline, "_ended", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "run", 3, 5, 2)
    (tmp_path / "run" / "source_only.keras").unlink()
    run(tmp_path / "run", 3, 9, 4)
    assert_the_same(tmp_path / "run", whole)


def test_a_phase_after_a_longer_one_is_made_anew(run, copy):
    names = ("source_only.keras", "pixda.keras")
    before = [everything(copy / name) for name in names]
    run(copy, 4, 5, 2)
    assert int(keras.saving.load_model(copy / "pixda.keras").optimizer.iterations) == 5
    for name, old in zip(names, before, strict=True):
        new = everything(copy / name)
        assert not all(map(np.array_equal, new, old))
    seconds = json.loads((copy / "result.json").read_text())["seconds"]
    assert set(seconds) == {"source_only", "adaptation", "distillation"}
    rows = (copy / "history_adaptation.csv").read_text().splitlines()
    assert len(rows) == 1 + 2
    assert len((copy / "history_distillation.csv").read_text().splitlines()) == 1 + 1


def test_a_kill_before_the_new_settings_are_written_changes_nothing(
    run, copy, short, monkeypatch
):
    real = RunFolder.write

    def killed(folder, name, content):
        if name == "config.json":
            raise KeyboardInterrupt
        return real(folder, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            run(copy, 3, 9, 2)
    assert not (copy / "segmenter.keras").exists()
    run(copy, 3, 5, 2)
    assert_the_same(copy, short)


def test_steps_beyond_the_schedule_need_a_longer_one(run, copy):
    decay = Settings.from_file(copy / "config.json").training.decay_steps
    with pytest.raises(
        ValueError, match=rf"decay_steps is {decay}, .* give it as well"
    ):
        run(copy, 3, decay, 2)
    run(copy, 3, 6, 2, decay_steps=decay + 10)
    assert Settings.from_file(copy / "config.json").training.decay_steps == decay + 10
