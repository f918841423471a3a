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


@pytest.mark.parametrize("name", ["source", "target"])
def test_the_one_with_the_higher_iou_is_kept(change, data, scenes, name):
    place = f"cityscapes:{scenes / 'cityscapes'}"
    guard = Guard(change(guard="source" if name == "source" else place), data)
    record = data.source if name == "source" else load(place, evaluation=True)
    assert guard.dataset.record.pairs == record.pairs
    good, bad = (Says(x, data.source.classes) for x in ("sky", "train"))
    verdict = guard.verdict(good, bad)
    assert verdict["kept"] == "start"
    assert verdict["start"] > verdict["adapted"] == 0
    assert guard.verdict(bad, good)["kept"] == "adapted"
    assert guard.verdict(good, good)["kept"] == "adapted"


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


@pytest.mark.parametrize("kept", ["start", "adapted"])
def test_the_start_is_the_result_where_adaptation_harms(
    change, data, tmp_path, monkeypatch, capsys, kept
):
    judged = []

    def verdict(self, start, adapted):
        judged.append((start.get_weights(), adapted.get_weights()))
        return {"data": "source", "start": 0.5, "adapted": 0.25, "kept": kept}

    monkeypatch.setattr(Guard, "verdict", verdict)
    settings = change(
        method="fine_tuning", guard="source", weights=str(tmp_path / "start.keras")
    )
    network = tiny.segmenter()
    keras.Model(network.inputs, keras.layers.Conv2D(19, 1)(network.outputs[0])).save(
        tmp_path / "start.keras"
    )

    def run():
        folder = RunFolder(tmp_path / "run", settings, resume=True)
        pipeline = Pipeline(folder, data, settings)
        weights = pipeline.adapt(pipeline.start()).get_weights()
        folder.close()
        return weights, pipeline.result["guard"]

    weights, noted = run()
    [(start, adapted)] = judged
    assert noted["kept"] == kept
    wanted = start if kept == "start" else adapted
    found = load_model(tmp_path / "run/segmenter.keras").get_weights()
    for value, other, expected in zip(weights, found, wanted, strict=True):
        np.testing.assert_array_equal(value, expected)
        np.testing.assert_array_equal(other, expected)
    assert any(not np.array_equal(a, b) for a, b in zip(start, adapted, strict=True))
    shown = capsys.readouterr().out
    if kept == "adapted":
        assert not (tmp_path / "run/adapted.keras").exists()
        assert "harm" not in shown
        return
    assert "harm: 50.0 % before and 25.0 % after it on source" in shown
    # A kill between the note and the file: what was decided is done.
    (tmp_path / "run/adapted.keras").replace(tmp_path / "run/segmenter.keras")
    weights, _ = run()
    assert len(judged) == 1
    for value, expected in zip(weights, start, strict=True):
        np.testing.assert_array_equal(value, expected)
