"""What a run writes for TensorBoard."""

import pytest
import tensorflow as tf

from keras_pixda.runs import train

accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator"
)


def read(folder):
    events = accumulator.EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return {tag: events.Tensors(tag) for tag in events.Tags()["tensors"]}


def value(event):
    return float(tf.make_ndarray(event.tensor_proto))


def picture(event):
    return tf.io.decode_png(event.tensor_proto.string_val[2]).numpy()


def test_curves_and_pictures(finished, change, tmp_path):
    weights = str(finished[0] / "source_only.keras")
    settings = change(weights=weights, steps=4, distillation_steps=1, panels=0)
    result = train(settings, tmp_path / "run", verbose=False, tensorboard=True)
    folder = tmp_path / "run" / "tensorboard"
    own = read(folder / "adaptation")
    assert {"iou/mean_iou", "iou/well_iou", "iou/under_iou", "iou/road"} <= set(own)
    assert [event.step for event in own["iou/road"]] == [0]
    # A cell for each pair of 19 classes; a row for each of the three photos.
    assert min(picture(own["confusion"][0]).shape[:2]) > 19 * 30
    drawn = picture(own["predictions"][0])
    assert drawn.shape[1] > 3 * 320
    assert drawn.std() > 10
    train_log = read(folder / "adaptation" / "train")
    assert value(train_log["epoch_kept_source_images"][0]) == 8
    assert value(train_log["epoch_adversarial_loss"][0]) > 0
    measured = read(folder / "adaptation" / "validation")
    assert value(measured["epoch_road"][0]) == value(own["iou/road"][0])
    assert "epoch_distillation_loss" in read(folder / "distillation" / "train")
    assert "mean_iou" in result["adapted"]
