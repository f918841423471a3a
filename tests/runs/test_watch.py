import keras
import pytest

from keras_pixda.callbacks import PerClassIoU
from keras_pixda.runs import Watch, run_plan


@pytest.fixture
def watch(tmp_path):
    facts = {"classes": ["road", "car"], "ignore_class": 255, "well": ["road"]}
    return lambda **more: Watch(tmp_path, [], facts, **more)


def test_every_phase_is_measured(settings, watch, tmp_path, capsys):
    for planned, table in zip(
        run_plan(settings),
        (
            "per_class_iou_source_only.csv",
            "per_class_iou.csv",
            "per_class_iou_distillation.csv",
        ),
        strict=True,
    ):
        before, after = watch()(planned)
        [measuring] = before
        assert isinstance(measuring, PerClassIoU)
        assert measuring.csv == tmp_path / table
        [line] = after
        line.on_epoch_end(1, {"val_mean_iou": 0.25})
        assert capsys.readouterr().out == "Pass 2: mean IoU 25.0 %\n"


def test_a_quiet_one_says_nothing(settings, watch):
    assert watch(verbose=False)(run_plan(settings)[1])[1] == []


def test_every_phase_has_curves_and_pictures(settings, watch, tmp_path, monkeypatch):
    made = watch(log_dir=tmp_path, verbose=False)
    monkeypatch.setattr(made, "_prediction_images", lambda log_dir: log_dir)
    pictures, board = made(run_plan(settings)[0])[1]
    assert pictures == tmp_path / "source_only"
    assert isinstance(board, keras.callbacks.TensorBoard)
    assert board.log_dir == str(tmp_path / "source_only")
