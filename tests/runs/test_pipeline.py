import itertools
import types

import keras
import numpy as np
import pytest

from keras_pixda.callbacks import ExactResume, Preempted
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.methods import METHODS, Method, Phase
from keras_pixda.models.batch_normalization import trainability
from keras_pixda.runs import Pipeline, RunFolder, Settings, few_shot_data
from keras_pixda.training import SupervisedModel, estimate_batch_normalization

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]


def network():
    images = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.Dropout(0.5)(keras.layers.Conv2D(4, 3, padding="same")(x))
    x = keras.layers.BatchNormalization(name="bn")(x)
    return keras.Model(images, keras.layers.Conv2D(19, 1)(x))


class Chain(Method):
    """Phases of a network with dropout that look at what was left of those before."""

    name = "chain"
    title = "Chain"
    seen = ()

    def plan(self, settings):
        return {"one": 3, "left out": 0, "three": 2}

    def phases(self, start, data, settings):
        self.seen = []
        for title, steps in self.plan(settings).items():
            random = np.random.default_rng(np.random.randint(1000)).random()
            self.seen.append((start.get_weights()[0].sum(), len(data.kept), random))
            model = SupervisedModel(start)
            model.compile(keras.optimizers.Adam(0.01))
            yield Phase(title, model, data, steps, [Shrink(data), Told()])


class Shrink(keras.callbacks.Callback):
    """Leaves the data set as no later phase may find it."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def on_train_end(self, logs=None):
        self.data.kept = [0, 1]


class Told(keras.callbacks.Callback):
    verbose = 1
    told = []

    def on_train_begin(self, logs=None):
        self.told.append(self.verbose)


@pytest.fixture
def pipeline(scenes, monkeypatch, tmp_path):
    method = Chain()
    monkeypatch.setitem(METHODS, "chain", method)
    network().save(tmp_path / "start.keras")
    settings = Settings.preset(
        "small",
        source=f"gta5:{scenes / 'gta5'}",
        target=f"cityscapes:{scenes / 'cityscapes'}",
        weights=str(tmp_path / "start.keras"),
        method="chain",
        image_size=(32, 48),
        batch_size=2,
        save_every=1,
    )
    records = gta5(scenes / "gta5"), cityscapes(scenes / "cityscapes")

    def make(name, **changes):
        own = settings.change(**changes)
        folder = RunFolder(tmp_path / name, own, resume=True)
        data = few_shot_data(own, *records)
        return Pipeline(folder, data, own, verbose=False), folder, method

    return make


def run(pipeline, name, **changes):
    """Weights that a pipeline ends with, and what its phases have seen."""
    made, folder, method = pipeline(name, **changes)
    try:
        return made.adapt(made.start()).get_weights(), [*method.seen]
    finally:
        folder.close()


def test_phases_are_the_same_in_one_process_and_after_an_interruption(
    pipeline, killed_at
):
    Told.told.clear()
    weights, seen = run(pipeline, "whole")
    assert [kept for _, kept, _ in seen] == [8, 8, 8]
    # What is left out begins and ends as what was before it.
    assert len({total for total, _, _ in seen[1:]}) == 1
    assert seen[0][0] != seen[1][0]
    assert Told.told == [0, 0]  # It is quiet.
    for step in (2, 4):  # In the first phase, and in the last.
        killed_at(
            ExactResume,
            "on_train_batch_end",
            step,
            lambda step=step: run(pipeline, f"killed {step}"),
        )
        again, seen_again = run(pipeline, f"killed {step}")
        assert seen_again == seen
        for value, expected in zip(again, weights, strict=True):
            np.testing.assert_array_equal(value, expected)


def test_files_are_whole_models_and_a_plain_segmenter(pipeline, tmp_path):
    run(pipeline, "whole")
    names = {path.name for path in (tmp_path / "whole").glob("*.keras")}
    expected = {"source_only", "chain", "chain_left_out", "segmenter"}
    assert names == {f"{name}.keras" for name in expected}
    first = keras.saving.load_model(tmp_path / "whole" / "chain.keras")
    assert isinstance(first, SupervisedModel)
    assert int(first.optimizer.iterations) == 3
    last = keras.saving.load_model(tmp_path / "whole" / "segmenter.keras")
    assert last.output_shape == (None, None, None, 19)
    assert not isinstance(last, SupervisedModel)


def test_the_seconds_and_batches_of_phases_are_kept(pipeline):
    made, folder, _ = pipeline("whole")
    made.adapt(made.start())
    made.remember(other=1)
    result = folder.read_json("result.json")
    assert set(result["seconds"]) == {"one", "three"}
    assert result["batches"] == {"one": 3, "three": 2}
    assert result["other"] == 1
    folder.close()
    assert pipeline("whole")[0].result == result


def test_batches_of_a_phase_that_ends_early_are_those_it_had(pipeline, monkeypatch):
    def stop(callback, epoch, logs=None):
        callback.model.stop_training = True

    monkeypatch.setattr(Told, "on_epoch_end", stop, raising=False)
    made, folder, _ = pipeline("early", batch_size=4)  # Two batches a pass.
    made.adapt(made.start())
    folder.close()
    assert made.result["batches"] == {"one": 2, "three": 2}


@pytest.mark.parametrize("end", [KeyboardInterrupt, Preempted("SIGTERM")])
def test_seconds_are_those_of_all_processes(pipeline, monkeypatch, end):
    clock = types.SimpleNamespace(monotonic=itertools.count().__next__)
    monkeypatch.setattr("keras_pixda.runs.pipeline.time", clock)
    made, folder, _ = pipeline("ended", batch_size=4)  # Two batches a pass.
    steps = itertools.count(1)

    def stop(*_, **__):
        if next(steps) == 3:
            raise end

    with monkeypatch.context() as patch:
        patch.setattr(Told, "on_train_batch_end", stop)
        with pytest.raises((KeyboardInterrupt, Preempted)):
            made.adapt(made.start())
    before = folder.read_json("result.json")["seconds"]
    folder.close()
    # It counts the looks at it: as a phase begins, after each pass, when it stops.
    assert before == {"one": 1 if end is KeyboardInterrupt else 2}
    made, folder, _ = pipeline("ended", batch_size=4)
    made.adapt(made.start())
    folder.close()
    assert made.result["seconds"]["one"] > before["one"]
    assert made.result["batches"] == {"one": 3, "three": 2}


def test_passes_over_the_shots_are_short_and_change_nothing(
    pipeline, tmp_path, monkeypatch, killed_at
):
    changes = {"method": "fine_tuning", "steps": 7, "distillation_steps": 2}
    weights, _ = run(pipeline, "short", **changes)
    killed_at(
        ExactResume,
        "on_train_batch_end",
        6,
        lambda: run(pipeline, "killed", **changes),
    )
    killed, _ = run(pipeline, "killed", **changes)
    monkeypatch.setattr(Pipeline, "_pass_length", lambda self: 9)
    whole, _ = run(pipeline, "long", **changes)
    for value, resumed, expected in zip(weights, killed, whole, strict=True):
        np.testing.assert_array_equal(value, expected)
        np.testing.assert_array_equal(resumed, expected)
    lines = {
        name: (tmp_path / name / "history_adaptation.csv").read_text().splitlines()
        for name in ("short", "killed", "long")
    }
    # Nine steps are two passes as long as that over the source, and a begun one.
    assert [line[:2] for line in lines["short"][1:]] == ["0,", "1,", "2,"]
    assert lines["killed"] == lines["short"]
    assert len(lines["long"]) == 2


@pytest.mark.parametrize("mode", ["frozen", "fixed_scale", "target"])
def test_batch_normalization_is_what_the_setting_says(
    mode, pipeline, tmp_path, killed_at
):
    changes = {"batch_normalization": mode}
    weights, _ = run(pipeline, "whole", **changes)
    killed_at(
        ExactResume, "on_train_batch_end", 4, lambda: run(pipeline, "killed", **changes)
    )
    again, _ = run(pipeline, "killed", **changes)
    for value, expected in zip(again, weights, strict=True):
        np.testing.assert_array_equal(value, expected)
    start, whole, end = (
        keras.saving.load_model(tmp_path / place)
        for place in ("start.keras", "whole/chain.keras", "whole/segmenter.keras")
    )
    state = {"frozen": [False, False], "fixed_scale": [True, False]}.get(mode)
    assert trainability(whole.segmenter) == ({"bn": state} if state else {})
    assert trainability(end) == {}  # As the start, for whatever comes next.
    before, after = (model.get_layer("bn").get_weights() for model in (start, end))
    stays = [np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    assert (
        stays
        == {
            "frozen": [True] * 4,
            "fixed_scale": [True, True, False, False],
            "target": [False] * 4,
        }[mode]
    )
    if mode == "target":
        estimate_batch_normalization(end, shots(pipeline))
        for value, expected in zip(
            end.get_layer("bn").get_weights(), after, strict=True
        ):
            np.testing.assert_allclose(value, expected, atol=1e-6)


def shots(pipeline):
    """The shots of a run, each once, and not augmented."""
    made, folder, _ = pipeline("shots", augment=True)
    folder.close()
    data = made.data.target_dataset(shuffle=False, augmentation=None)
    return [data[number] for number in range(len(data))]
