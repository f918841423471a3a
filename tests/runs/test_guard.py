import keras
import numpy as np
import pytest

from keras_pixda.datasets import cityscapes, gta5, load
from keras_pixda.models.load_model import load_model
from keras_pixda.runs import Guard, Pipeline, RunFolder, few_shot_data
from tests.methods import tiny

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]


@pytest.fixture
def data(scenes, change):
    return few_shot_data(
        change(), gta5(scenes / "gta5"), cityscapes(scenes / "cityscapes")
    )


class Says(keras.Model):
    """A network that gives every pixel to one class."""

    def __init__(self, name, classes):
        super().__init__()
        self.position = classes.index(name)
        self.total = len(classes)

    def call(self, images, training=False):
        pixels = keras.ops.zeros_like(images[..., 0], dtype="int32") + self.position
        return keras.ops.one_hot(pixels, self.total)


def test_on_target_data_the_end_must_be_no_worse(change, data, scenes):
    place = f"cityscapes:{scenes / 'cityscapes'}"
    guard = Guard(change(guard=place), data)
    assert guard.dataset.record.pairs == load(place, evaluation=True).pairs
    good, bad = (Says(x, data.source.classes) for x in ("sky", "train"))
    verdict = guard.verdict(good, bad)
    assert verdict["harm"]
    assert verdict["start"] > verdict["adapted"] == 0
    assert not guard.verdict(bad, good)["harm"]
    assert not guard.verdict(good, good)["harm"]


@pytest.mark.parametrize(("after", "harm"), [(0.34, False), (0.33, True)])
def test_on_source_images_something_may_be_lost(change, data, monkeypatch, after, harm):
    guard = Guard(change(guard="source"), data)
    assert guard.dataset.record.pairs == data.source.pairs
    monkeypatch.setattr(
        "keras_pixda.runs.guard.measure", lambda network, *_: {"mean_iou": network}
    )
    verdict = guard.verdict(0.5, after)
    assert verdict == {"data": "source", "start": 0.5, "adapted": after, "harm": harm}


def test_data_of_other_classes_are_refused_at_once(change, data, tmp_path, scenes):
    (tmp_path / "classes.txt").write_text("road\n")
    images = scenes / "cityscapes/leftImg8bit/val"
    (tmp_path / "masks").mkdir()
    for path in images.rglob("*.png"):
        place = tmp_path / "masks" / path.relative_to(images)
        place.parent.mkdir(exist_ok=True)
        place.touch()
    place = f"folder:{images},{tmp_path}/masks,{tmp_path}/classes.txt"
    with pytest.raises(ValueError, match="expected the classes .*received"):
        Guard(change(guard=place), data)


@pytest.fixture
def run(change, data, tmp_path, monkeypatch):
    """A function that runs or resumes a pipeline whose guard says what it is told."""
    network = tiny.segmenter()
    head = keras.layers.Conv2D(19, 1)(network.outputs[0])
    keras.Model(network.inputs, head).save(tmp_path / "start.keras")
    judged = []

    def run(harm=False, **changes):
        def verdict(self, start, adapted):
            judged.append((start.get_weights(), adapted.get_weights()))
            return {"data": "source", "start": 0.5, "adapted": 0.25, "harm": harm}

        monkeypatch.setattr(Guard, "verdict", verdict)
        start = str(tmp_path / "start.keras")
        settings = change(method="fine_tuning", weights=start, **changes)
        folder = RunFolder(tmp_path / "run", settings, resume=True)
        pipeline = Pipeline(folder, data, settings)
        weights = pipeline.adapt(pipeline.start()).get_weights()
        folder.close()
        # Of a later process, which finds it done.
        assert_same(load_model(tmp_path / "run/segmenter.keras").get_weights(), weights)
        return weights, pipeline.result

    run.judged = judged
    return run


def assert_same(weights, others, tolerance=0):
    for value, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(value, other, rtol=0, atol=tolerance)


def test_the_start_is_the_result_where_adaptation_harms(run, tmp_path, capsys):
    weights, result = run(harm=True, guard="source")
    [(start, adapted)] = run.judged
    assert result["kept"] == "start"
    assert result["guard"] == {"data": "source", "start": 0.5, "adapted": 0.25}
    assert_same(weights, start)
    assert_same(load_model(tmp_path / "run/adapted.keras").get_weights(), adapted)
    assert any(not np.array_equal(a, b) for a, b in zip(start, adapted, strict=True))
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) < 80
    shown = shown.replace("\n", " ")
    assert "harm: mean IoU on source was 50.0 % before it and is 25.0 %" in shown
    again, _ = run(guard="source")
    assert len(run.judged) == 1
    assert_same(again, start)
    # Killed before it was noted: judged once more, from what adaptation came to.
    (tmp_path / "run/result.json").write_text("{}")
    again, _ = run(harm=True, guard="source")
    assert_same(run.judged[1][1], adapted)
    assert_same(again, start)


def test_adaptation_is_the_result_where_it_does_not(run, tmp_path, capsys):
    weights, result = run(guard="source")
    [(_, adapted)] = run.judged
    assert result["kept"] == "adapted"
    assert_same(weights, adapted)
    assert not (tmp_path / "run/adapted.keras").exists()
    assert "harm" not in capsys.readouterr().out


def test_a_share_of_the_start(run, tmp_path):
    weights, result = run(start_share=0.25)
    assert (result["kept"], result["start_share"]) == ("mixed", 0.25)
    start, adapted = (
        load_model(tmp_path / name).get_weights()
        for name in ("start.keras", "run/adapted.keras")
    )
    mixed = [0.25 * a + 0.75 * b for a, b in zip(start, adapted, strict=True)]
    assert_same(weights, mixed, 1e-6)
    # Killed before it was noted: not mixed twice.
    (tmp_path / "run/result.json").write_text("{}")
    again, _ = run(start_share=0.25)
    assert_same(again, mixed, 1e-6)


def test_the_guard_judges_the_mixture(run):
    weights, _ = run(start_share=0.5, guard="source")
    assert_same(weights, run.judged[0][1])


def test_what_was_settled_before_a_run_was_prolonged_counts_no_more(run, tmp_path):
    run(harm=True, guard="source")
    # As `prolong` leaves it, a kill right after its first deletion included.
    (tmp_path / "run/segmenter.keras").unlink()
    weights, result = run(guard="source")
    assert len(run.judged) == 2
    assert result["kept"] == "adapted"
    assert_same(weights, run.judged[1][1])
    assert not (tmp_path / "run/adapted.keras").exists()
