import keras
import pytest

from keras_pixda.callbacks import PerClassIoU
from keras_pixda.methods import Phase
from keras_pixda.runs import Watch, run_plan


@pytest.fixture
def watch(tmp_path):
    facts = {"classes": ["road", "car"], "ignore_class": 255, "well": ["road"]}
    return lambda **more: Watch(tmp_path, "data", [], facts, **more)


def test_a_phase_over_the_data_of_the_run_is_measured(
    settings, watch, tmp_path, capsys
):
    _, adaptation, distillation = run_plan(settings)
    before, after = watch()(adaptation, Phase("adaptation", None, "data", 5))
    [measuring] = before
    assert isinstance(measuring, PerClassIoU)
    assert measuring.csv == tmp_path / "per_class_iou.csv"
    [line] = after
    line.on_epoch_end(1, {"val_mean_iou": 0.25})
    assert capsys.readouterr().out == "Pass 2: mean IoU 25.0 %\n"
    assert watch()(distillation, Phase("distillation", None, "shots", 5)) == ([], [])


def test_a_quiet_one_says_nothing(settings, watch):
    adaptation = run_plan(settings)[1]
    phase = Phase("adaptation", None, "data", 5)
    assert watch(verbose=False)(adaptation, phase)[1] == []


def test_every_phase_has_curves(settings, watch, tmp_path):
    phase = Phase("source only", None, "source images", 5)
    [board] = watch(log_dir=tmp_path)(run_plan(settings)[0], phase)[1]
    assert isinstance(board, keras.callbacks.TensorBoard)
    assert board.log_dir == str(tmp_path / "source_only")
