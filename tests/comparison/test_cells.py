import keras
import numpy as np
import pytest

from keras_pixda.comparison.cells import Cells
from keras_pixda.runs import RunFolder, train
from keras_pixda.runs.pipeline import Pipeline

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]


def weights(path):
    return keras.saving.load_model(path).get_weights()


def test_a_cell_ends_with_the_weights_of_train(change, tmp_path, monkeypatch):
    settings = change(
        source_steps=1, steps=1, distillation_steps=1, augment=True, panels=0
    )
    monkeypatch.setattr(Cells, "clear", lambda *cell: None)
    folder = RunFolder(tmp_path / "comparison", settings)
    cells = Cells(settings, folder, verbose=False)
    for name in ("pixda", "fsda"):
        result = cells.result(name, 2, 7)
        own = settings.change(method=name, shots=2, seed=7)
        if name == "fsda":  # One start is enough.
            own = own.change(weights=str(tmp_path / "pixda" / "source_only.keras"))
        trained = train(own, tmp_path / name, verbose=False)
        pairs = [
            ("source_only/7/source_only.keras", "source_only.keras"),
            (f"cells/{name}_2_7/segmenter.keras", "segmenter.keras"),
        ]
        for in_cell, in_run in pairs:
            found, wanted = weights(folder / in_cell), weights(tmp_path / name / in_run)
            for value, expected in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(value, expected)
        np.testing.assert_equal(result["iou"], trained["adapted"])
    folder.close()


def test_a_start_of_version_0_1_is_taken(change, tmp_path, scenes):
    settings = change(panels=0, steps=1, distillation_steps=0)
    folder = RunFolder(tmp_path / "comparison", settings)
    start = keras.Sequential([keras.Input((32, 48, 3)), keras.layers.Conv2D(19, 1)])
    folder.write("source_only/0.keras", start)
    Cells(settings, folder, verbose=False).result("source_only", 1, 0)
    assert not (tmp_path / "comparison/source_only/0").exists()
    folder.close()


@pytest.mark.parametrize("counted", [True, False])
def test_batches_are_noted_where_all_phases_have_counted(change, tmp_path, counted):
    adapt = Pipeline.adapt

    def adapted(pipeline, segmenter):
        made = adapt(pipeline, segmenter)
        assert len(pipeline.result["batches"]) == 2
        if not counted:  # The first phase is of an earlier version.
            del pipeline.result["batches"]["adaptation"]
        return made

    settings = change(source_steps=1, steps=2, distillation_steps=1, panels=0)
    folder = RunFolder(tmp_path / "comparison", settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pipeline, "adapt", adapted)
        result = Cells(settings, folder, verbose=False).result("pixda", 1, 0)
    assert result.get("batches") == (3 if counted else None)
    folder.close()
