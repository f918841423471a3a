"""Keras's own callbacks do with a PixDAModel what they say."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda import PerClassIoU, PixDAModel, SampleSelection, published_optimizers
from keras_pixda.models import image_discriminator, pixel_discriminator

CLASSES = ("road", "car")
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 255, (4, 32, 32, 3)).astype("float32")
LABELS = RANDOM.integers(0, 2, (4, 32, 32)).astype("uint8")
VALIDATION = IMAGES[:2], LABELS[:2]


class Pairs(keras.utils.PyDataset):
    """Two batches of two, the same in every pass; a NaN image on request."""

    def __init__(self, broken=None):
        super().__init__()
        self.broken = broken
        self.batch_size = 2
        self.kept = np.arange(4)

    def __len__(self):
        return 2

    def __getitem__(self, index):
        rows = slice(2 * index, 2 * index + 2)
        images = IMAGES[rows] * (np.nan if index == self.broken else 1)
        labels = LABELS[rows]
        return (
            {"source": images, "target": IMAGES[rows]},
            {"source": labels, "target": labels},
        )

    def selection_pass(self, batch_size=None):
        return Once()


class Once(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return {"source": IMAGES, "target": IMAGES, "index": np.arange(4)}


def pixda(rate=0.01, run_eagerly=True, **optimizers):
    """A tiny model; eagerly its few steps take less than tracing one."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(2, 1, name="body")(x)
    segmenter = keras.Model(inputs, keras.layers.Conv2D(2, 1, name="head")(x))
    model = PixDAModel(segmenter, pixel_discriminator(2, 2), image_discriminator(2, 2))
    if not optimizers:
        optimizers = {"optimizer": keras.optimizers.SGD(rate, momentum=0.9)}
    model.compile(**optimizers, run_eagerly=run_eagerly)
    return model


def fit(model, callbacks, epochs=3, data=None, **arguments):
    callbacks = callbacks if isinstance(callbacks, list) else [callbacks]
    data = Pairs() if data is None else data
    # Keras's own order of batches is lost with the process.
    arguments = {"shuffle": False, "verbose": 0, **arguments}
    return model.fit(data, epochs=epochs, callbacks=callbacks, **arguments).history


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()])


def test_early_stopping():
    model = pixda()
    stopping = keras.callbacks.EarlyStopping(
        "val_mean_iou",
        mode="max",
        min_delta=1.0,
        restore_best_weights=True,
        start_from_epoch=1,
    )
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(weights(model))
    )
    measure = PerClassIoU([VALIDATION], CLASSES, print_table=False)
    fit(model, [measure, watch, stopping], epochs=9)
    # Nothing is better by 1 than the first that counts, the second: two, then stop.
    assert len(seen) == 3
    np.testing.assert_array_equal(weights(model), seen[1])
    assert not np.array_equal(seen[2], seen[1])


def test_early_stopping_on_keras_validation():
    stopping = keras.callbacks.EarlyStopping("val_loss", min_delta=1e9, patience=1)
    history = fit(pixda(), stopping, epochs=9, validation_data=VALIDATION)
    assert len(history["val_loss"]) == 2


@pytest.mark.parametrize("weights_only", [False, True])
def test_model_checkpoint(tmp_path, weights_only):
    path = tmp_path / f"best.{'weights.h5' if weights_only else 'keras'}"
    checkpoint = keras.callbacks.ModelCheckpoint(
        path,
        monitor="val_mean_iou",
        mode="max",
        save_best_only=True,
        save_weights_only=weights_only,
    )
    model = pixda()
    measure = PerClassIoU([VALIDATION], CLASSES, print_table=False)
    history = fit(model, [measure, checkpoint], epochs=2)
    assert float(checkpoint.best) == max(history["val_mean_iou"])
    if weights_only:
        again = pixda()
        again.load_weights(path)
    else:
        again = keras.saving.load_model(path)
    expected = max(history["val_mean_iou"])
    callback = PerClassIoU([VALIDATION], CLASSES, print_table=False)
    callback.set_model(again)
    assert callback.evaluate()["mean_iou"] == expected


def test_backup_and_restore_goes_on_as_if_never_stopped(tmp_path):
    whole = pixda(run_eagerly=False)
    fit(whole, [], epochs=4)

    class Stop(Exception):
        pass

    def stop(epoch, logs):
        if epoch == 2:
            raise Stop

    dies = keras.callbacks.LambdaCallback(on_epoch_begin=stop)
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
    with pytest.raises(Stop):
        fit(pixda(run_eagerly=False), [backup, dies], epochs=4)
    again = pixda(run_eagerly=False)
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
    history = fit(again, backup, epochs=4)
    assert len(history["loss"]) == 2
    np.testing.assert_array_equal(weights(again), weights(whole))
    for name in ("optimizer", "discriminator_optimizer"):
        for a, b in zip(
            getattr(again, name).variables, getattr(whole, name).variables, strict=True
        ):
            np.testing.assert_array_equal(a, b)


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    history = fit(pixda(), keras.callbacks.CSVLogger(path), epochs=2)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"epoch", "loss", *PixDAModel.loss_terms} <= set(rows[0])
    assert [row["epoch"] for row in rows] == ["0", "1"]
    for row, value in zip(rows, history["adversarial_loss"], strict=True):
        assert float(row["adversarial_loss"]) == pytest.approx(value)


def test_terminate_on_nan():
    history = fit(pixda(), keras.callbacks.TerminateOnNaN(), data=Pairs(broken=0))
    assert len(history["loss"]) == 1
    assert np.isnan(history["loss"][0])


@pytest.mark.parametrize("optimizers", ["plain", "published"])
def test_swap_ema_weights(optimizers):
    chosen = {
        "plain": {
            "optimizer": keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
        },
        "published": published_optimizers(0.1, ema_momentum=0.5),
    }[optimizers]
    model = pixda(**chosen)
    kernel = model.segmenter.get_layer("head").kernel
    after_steps, at_epoch_end = [], []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: after_steps.append(kernel.numpy()),
        on_epoch_end=lambda epoch, logs: at_epoch_end.append(kernel.numpy()),
    )
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    fit(model, [swap, watch], epochs=2)
    average = after_steps[0]  # Keras starts with the weights after the first step.
    averages = []
    for value in after_steps:
        average = 0.5 * average + 0.5 * value
        averages.append(average)
    np.testing.assert_allclose(at_epoch_end[0], averages[1], atol=1e-6)
    np.testing.assert_allclose(at_epoch_end[1], averages[3], atol=1e-6)
    np.testing.assert_allclose(kernel, averages[3], atol=1e-6)
    assert not np.allclose(averages[3], after_steps[3], atol=1e-4)


def test_reduce_lr_on_plateau():
    reduce = keras.callbacks.ReduceLROnPlateau("loss", 0.1, patience=1, min_delta=1e9)
    model = pixda(0.01)
    history = fit(model, reduce, epochs=3)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)
    assert history["learning_rate"] == pytest.approx([0.01, 0.01, 1e-3])


def test_learning_rate_scheduler():
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model = pixda(0.01)
    history = fit(model, schedule, epochs=2)
    assert history["learning_rate"] == pytest.approx([0.005, 0.0025])
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0025)


def test_tensorboard_shows_everything(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model, data = pixda(run_eagerly=False), Pairs()
    history = fit(
        model,
        [
            PerClassIoU([VALIDATION], CLASSES, log_dir=tmp_path, print_table=False),
            SampleSelection(data, threshold=0.0, growth=0.0, verbose=0),
            keras.callbacks.TensorBoard(tmp_path, update_freq=1, histogram_freq=1),
        ],
        epochs=2,
        data=data,
    )
    assert history["kept_source_images"] == [4, 4]

    def read(folder):
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        events.Reload()
        return {tag: events.Tensors(tag) for tag in events.Tags()["tensors"]}

    own, train = read(tmp_path), read(tmp_path / "train")
    assert set(own) == {
        *(f"iou/{name}" for name in ("mean_iou", "absent_share", "road", "car")),
        "confusion",
    }
    assert {"epoch_loss", "epoch_adversarial_loss", "epoch_kept_source_images"} <= set(
        train
    )
    assert len(train["batch_loss"]) == 4
    assert any(tag.startswith("head/kernel") for tag in train)
    logged = [float(tf.make_ndarray(e.tensor_proto)) for e in train["epoch_loss"]]
    assert logged == pytest.approx(history["loss"])
    # What the callbacks before it add to the logs is there too.
    validated = read(tmp_path / "validation")
    assert {"epoch_mean_iou", "epoch_road"} <= set(validated)
