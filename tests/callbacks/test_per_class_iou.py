import csv
import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.callbacks.per_class_iou import PerClassIoU

CLASSES = ("road", "traffic light", "sky")


class Scripted(keras.Model):
    """Predicts `epoch` right pixels out of 6: the weight counts the epochs."""

    def __init__(self):
        super().__init__()
        self.epoch = self.add_weight(shape=(), initializer="zeros", name="epoch")
        self.traces = 0

    def call(self, images, training=None):
        self.traces += 1
        column = keras.ops.arange(6, dtype="float32")
        right = keras.ops.cast(column < self.epoch, "float32")
        right = images[..., 0] * 0 + right
        return keras.ops.stack([right, 0.5 + 0 * right, 0 * right], axis=-1)

    def train_step(self, data):
        self.epoch.assign_add(1)
        return {"loss": self.epoch}


# One row of road; class 1 is predicted where the model is wrong; sky is absent.
IMAGES = np.zeros((2, 1, 6, 3), "float32")
LABELS = np.zeros((2, 1, 6), "uint8")
BATCHES = [(IMAGES[:1], LABELS[:1]), (IMAGES[1:], LABELS[1:])]


def fit(callbacks, epochs, initial_epoch=0, model=None):
    model = model or Scripted()
    model.epoch.assign(initial_epoch)
    model.compile()
    model.fit(
        IMAGES,
        LABELS,
        verbose=0,
        batch_size=2,
        epochs=epochs,
        initial_epoch=initial_epoch,
        callbacks=callbacks,
    )
    return model


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_table(capsys):
    fit([PerClassIoU(BATCHES, CLASSES, well=["road"])], epochs=2)
    # After epoch 1: road 1/6; after epoch 2: road 2/6. Only road is labelled.
    assert capsys.readouterr().out == (
        "\n"
        "Epoch 1          IoU %    best\n"
        "------------------------------\n"
        "road *            16.7    16.7\n"
        "traffic light        -       -\n"
        "sky                  -       -\n"
        "------------------------------\n"
        "mean              16.7    16.7\n"
        "well              16.7    16.7\n"
        "under                -       -\n"
        "* well represented; under = mean of the other classes\n"
        "given to classes that no mask holds: 83 % of the pixels\n"
        "\n"
        "Epoch 2          IoU %  change    best\n"
        "--------------------------------------\n"
        "road *            33.3   +16.7    33.3\n"
        "traffic light        -       -       -\n"
        "sky                  -       -       -\n"
        "--------------------------------------\n"
        "mean              33.3   +16.7    33.3\n"
        "well              33.3   +16.7    33.3\n"
        "under                -       -       -\n"
        "* well represented; under = mean of the other classes\n"
        "given to classes that no mask holds: 67 % of the pixels\n"
    )


def test_history_best_and_one_tracing(capsys):
    callback = PerClassIoU(BATCHES, CLASSES, print_table=False)
    model = fit([callback], epochs=1)
    traces = model.traces
    fit([callback], epochs=4, initial_epoch=1, model=model)
    assert model.traces == traces
    assert list(callback.history) == [0, 1, 2, 3]
    roads = [result["road"] for result in callback.history.values()]
    np.testing.assert_allclose(roads, [1 / 6, 2 / 6, 3 / 6, 4 / 6], rtol=1e-6)
    assert callback.best["road"] == roads[3]
    assert set(callback.best) == {"mean_iou", "road"}
    assert not capsys.readouterr().out
    # A worse epoch leaves the best as it is.
    model.epoch.assign(2)
    callback.on_epoch_end(4, logs={})
    assert callback.best["road"] == roads[3]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_other_callbacks_see_the_result(tmp_path):
    stopping = keras.callbacks.EarlyStopping("val_road", mode="max", baseline=0.3)
    fit(
        [
            PerClassIoU(BATCHES, CLASSES, well=["road"], print_table=False),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "{epoch}_{val_traffic light:.1f}.weights.h5",
                monitor="val_mean_iou",
                mode="max",
                save_best_only=True,
                save_weights_only=True,
            ),
            stopping,
        ],
        epochs=2,
    )
    rows = read(tmp_path / "log.csv")
    assert {"val_mean_iou", "val_well_iou", "val_under_iou", "val_traffic light"} < set(
        rows[0]
    )
    assert float(rows[1]["val_road"]) == pytest.approx(2 / 6)
    assert float(stopping.best) == pytest.approx(2 / 6)
    files = sorted(path.name for path in tmp_path.glob("*.h5"))
    assert files == ["1_nan.weights.h5", "2_nan.weights.h5"]


def test_every():
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append("val_mean_iou" in logs)

    callback = PerClassIoU(BATCHES, CLASSES, every=2, print_table=False)
    fit([callback, Watch()], epochs=5)
    assert seen == [False, True, False, True, False]
    assert list(callback.history) == [1, 3]


def test_csv_is_continued_and_an_epoch_run_again_replaces_its_row(tmp_path, capsys):
    path = tmp_path / "run" / "iou.csv"
    fit([PerClassIoU(BATCHES, CLASSES, well=[0], csv=path)], epochs=3)
    rows = read(path)
    means = ["mean_iou", "well_iou", "under_iou", "absent_share"]
    assert list(rows[0]) == ["epoch", *means, *CLASSES]
    assert [float(row["absent_share"]) for row in rows] == pytest.approx(
        [5 / 6, 4 / 6, 3 / 6]
    )
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert float(rows[2]["road"]) == pytest.approx(3 / 6)
    assert np.isnan(float(rows[2]["sky"]))
    capsys.readouterr()

    # A new process starts again from epoch 2.
    callback = PerClassIoU(BATCHES, CLASSES, well=[0], csv=str(path))
    assert callback.best["road"] == pytest.approx(3 / 6)
    fit([callback], epochs=4, initial_epoch=2)
    table = capsys.readouterr().out
    assert "road *            50.0   +16.7    50.0" in table
    again = read(path)
    assert again[:3] == rows
    assert [row["epoch"] for row in again] == ["0", "1", "2", "3"]
    assert path.read_text().count("epoch") == 1
    assert [file.name for file in path.parent.iterdir()] == ["iou.csv"]


def test_csv_of_other_classes_is_refused(tmp_path):
    path = tmp_path / "iou.csv"
    path.write_text("epoch,mean_iou,road\n0,0.5,0.5\n")
    with pytest.raises(ValueError, match=r"iou\.csv.*'road'.*traffic light"):
        PerClassIoU(BATCHES, CLASSES, csv=path)
    assert path.read_text() == "epoch,mean_iou,road\n0,0.5,0.5\n"
    path.write_text("epoch,mean_iou,absent_share,road,traffic light,sky\n0,0.5,0.\n")
    with pytest.raises(ValueError, match=r"iou\.csv, line 2"):
        PerClassIoU(BATCHES, CLASSES, csv=path)
    path.write_text("")
    PerClassIoU(BATCHES, CLASSES, csv=path)


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fit([PerClassIoU(BATCHES, CLASSES, log_dir=tmp_path, print_table=False)], epochs=2)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    tags = {f"iou/{name}" for name in ("mean_iou", "absent_share", *CLASSES)}
    assert set(events.Tags()["tensors"]) == {*tags, "confusion"}
    width, height, *pictures = events.Tensors("confusion")[1].tensor_proto.string_val
    assert int(width) > 100
    assert int(height) > 100
    assert pictures[0].startswith(b"\x89PNG")
    written = events.Tensors("iou/road")
    assert [event.step for event in written] == [0, 1]
    assert float(tf.make_ndarray(written[1].tensor_proto)) == pytest.approx(2 / 6)


def test_tensorboard_absent(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        PerClassIoU(BATCHES, CLASSES, log_dir=tmp_path)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`every`"):
        PerClassIoU(BATCHES, CLASSES, every=0)
    with pytest.raises(ValueError, match="'bus'"):
        PerClassIoU(BATCHES, CLASSES, well=["bus"])


def test_arrays_as_in_validation_data():
    random = np.random.default_rng(0)
    images = random.uniform(0, 1, (40, 4, 6, 3)).astype("float32")
    labels = random.integers(0, 3, (40, 4, 6)).astype("uint8")
    model = keras.Sequential([keras.Input((4, 6, 3)), keras.layers.Conv2D(3, 1)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    arrays = PerClassIoU((images, labels), CLASSES, print_table=False)
    batches = PerClassIoU(
        [(images[:30], labels[:30]), (images[30:], labels[30:])],
        CLASSES,
        print_table=False,
    )
    model.fit(images, labels, verbose=0, callbacks=[arrays, batches])
    assert arrays.history == batches.history


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((np.zeros((2, 4, 6, 3)), np.zeros((3, 4, 6))), "as many of one"),
        ((np.zeros((2, 4, 6, 3)),), "as many of one"),
        ([np.zeros((2, 4, 6, 3)), np.zeros((2, 4, 6))], "Batch 0 is an array of shape"),
        ([np.zeros((2, 4, 6, 3))], r"Batch 0 is an array of shape \(2, 4, 6, 3\)"),
        ([(np.zeros((2, 4, 6, 3)),)], "Batch 0 is tuple of 1: an array"),
        (["images"], "Batch 0 is a str"),
        (np.zeros((2, 4, 6, 3)), r"Data are an array of shape \(2, 4, 6, 3\)"),
    ],
)
def test_other_data_are_refused_in_few_words(data, words):
    with pytest.raises(ValueError, match=words) as error:
        PerClassIoU(data, CLASSES)
    assert len(str(error.value)) < 200
