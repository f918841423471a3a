import keras
import numpy as np
import pytest
from PIL import Image

from keras_pixda.callbacks.prediction_images import PredictionImages
from keras_pixda.visualization import panel

PALETTE = [(200, 0, 0), (0, 0, 200)]
CLASSES = ("road", "car")
IMAGES = np.random.default_rng(0).uniform(0, 255, (2, 2, 4, 3)).astype("float32")
LABELS = np.array([[[0, 0, 1, 255]] * 2] * 2, "uint8")


def segmenter():
    """Predicts class 1 where the red channel is above 128, at half the size."""
    inputs = keras.Input((2, 4, 3))
    pooled = keras.layers.AveragePooling2D(2)(inputs)
    classify = keras.layers.Conv2D(2, 1)
    model = keras.Model(inputs, classify(pooled))
    kernel = np.zeros((1, 1, 3, 2))
    kernel[0, 0, 0] = [-1, 1]
    classify.set_weights([kernel, np.array([128, -128])])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.0), loss)
    return model


def fit(callback, epochs):
    model = segmenter()
    model.fit(
        IMAGES, LABELS[:, :1, :2] * 0, epochs=epochs, verbose=0, callbacks=[callback]
    )
    return model


def test_png_of_each_epoch(tmp_path):
    folder = tmp_path / "pictures"
    model = fit(PredictionImages(IMAGES, LABELS, PALETTE, CLASSES, folder), epochs=2)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["epoch_0001.png", "epoch_0002.png"]
    logits = model.predict(IMAGES, verbose=0)
    # Two logits side by side at half size: the middle is between columns 1 and 2.
    shares = np.array([0, 0.25, 0.75, 1])[:, None]
    wide = logits[:, :1, :1] * (1 - shares) + logits[:, :1, 1:] * shares
    predicted = np.repeat(wide.argmax(-1), 2, axis=1)
    expected = panel(
        {"image": IMAGES, "truth": LABELS, "prediction": predicted}, PALETTE, CLASSES
    )
    with Image.open(folder / "epoch_0002.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(expected))


def test_every(tmp_path):
    fit(PredictionImages(IMAGES, LABELS, PALETTE, CLASSES, tmp_path, every=2), epochs=3)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_0002.png"]


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    callback = PredictionImages(IMAGES, LABELS, PALETTE, CLASSES, log_dir=tmp_path)
    fit(callback, epochs=2)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert events.Tags()["tensors"] == ["predictions"]
    assert [event.step for event in events.Tensors("predictions")] == [0, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": None}, "Nowhere"),
        ({"every": 0}, "`every`"),
        ({"labels": LABELS[:1]}, "same number of pictures"),
        ({"labels": LABELS + 1}, r"'truth' holds class ids \[2\]"),
        ({"palette": PALETTE[:1]}, "1 colours for 2 classes"),
    ],
)
def test_bad_arguments(change, message, tmp_path):
    arguments = {
        "images": IMAGES,
        "labels": LABELS,
        "palette": PALETTE,
        "classes": CLASSES,
        "folder": tmp_path,
    }
    with pytest.raises(ValueError, match=message):
        PredictionImages(**{**arguments, **change})
