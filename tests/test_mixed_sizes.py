"""Photos of several sizes: every image is measured at the size of its own mask."""

import json
import pathlib

import keras
import numpy as np
import pytest
from PIL import Image

from keras_pixda.callbacks import PerClassIoU, PredictionImages
from keras_pixda.cli import main
from keras_pixda.datasets import SegmentationDataset, folder, read_pair
from keras_pixda.methods import JointModel
from keras_pixda.metrics import ClassIoU, SegmenterEvaluator
from keras_pixda.models.load_model import load_model

CLASSES = ("road", "car", "other")
SIZE = (32, 48)
# The first two alike, as Keras looks at two batches.
SIZES = [(64, 96), (64, 96), (96, 64), (64, 96), (40, 50), (96, 64), (33, 71)]


def make(place, sizes, seed=0, ignored=3):
    """Pairs of smooth pictures, whose masks are their brightest channel."""
    random = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (place / kind).mkdir(parents=True)
    for number, (height, width) in enumerate(sizes):
        coarse = random.integers(0, 256, (5, 6, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((width, height))
        mask = np.asarray(picture).argmax(-1).astype("uint8")
        mask[:ignored] = 255
        picture.save(place / "images" / f"{number:03}.png")
        Image.fromarray(mask).save(place / "masks" / f"{number:03}.png")
    (place / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    return folder(place / "images", place / "masks", CLASSES)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return make(tmp_path_factory.mktemp("mixed"), SIZES)


def segmenter():
    """Logits at half the size, a little like the channels."""
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.AveragePooling2D(2)(x)
    head = keras.layers.Conv2D(3, 1)
    model = keras.Model(inputs, head(x))
    kernel = np.eye(3, dtype="float32") + np.float32(0.3) * np.eye(3, k=1)
    head.set_weights([kernel[None, None], np.array([0.1, 0.0, -0.1])])
    return model


def resized(logits, height, width):
    """Bilinear, half-pixel centres, in plain NumPy."""
    for axis, size in ((0, height), (1, width)):
        old = logits.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
        low = np.floor(place).astype(int)
        share = (place - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        high = np.minimum(low + 1, old - 1)
        logits = logits.take(low, axis) * (1 - share) + logits.take(high, axis) * share
    return logits


def counted(record, model):
    """IoU and cross-entropy, one image at a time."""
    matrix, losses = np.zeros((3, 3)), []
    for index in range(len(record)):
        image, labels = read_pair(record, index, SIZE)
        logits = np.asarray(model(image[None].astype("float32")))[0].astype("float64")
        if isinstance(model, JointModel):  # At the size of the image before.
            assert logits.shape[:2] == SIZE
        logits = resized(logits, *labels.shape)
        known = labels != 255
        np.add.at(matrix, (labels[known], logits.argmax(-1)[known]), 1)
        scores = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        picked = np.take_along_axis(scores, (labels % 255)[..., None], -1)[..., 0]
        losses.append(-picked[known].mean())
    correct = matrix.diagonal()
    iou = correct / (matrix.sum(0) + matrix.sum(1) - correct)
    return {"mean_iou": iou.mean(), **dict(zip(CLASSES, iou, strict=True))}, losses


def same(found, expected):
    # A few of 39 000 pixels lie on the border of two classes, and rounding decides.
    values = [found[name] for name in expected]
    np.testing.assert_allclose(values, list(expected.values()), atol=2e-4)


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_the_evaluator_counts_each_image_at_the_size_of_its_mask(record, batch_size):
    model = segmenter()
    expected, _ = counted(record, model)
    assert 0.5 < expected["mean_iou"] < 0.95
    dataset = SegmentationDataset(record, batch_size, SIZE)
    evaluator = SegmenterEvaluator(model, ClassIoU(CLASSES))
    seen = []
    found = evaluator.iou(dataset, progress=lambda *counts: seen.append(counts))
    same(found, expected)
    number = len(dataset)
    assert seen == [(done + 1, number) for done in range(number)]
    assert evaluator.iou(list(dataset)) == found
    assert evaluator.iou(dataset) == found


def test_own_photos_of_several_sizes_in_a_list(record):
    model = segmenter()
    batches = [
        tuple(part[None] for part in read_pair(record, index))
        for index in range(len(record))
    ]
    found = SegmenterEvaluator(model, ClassIoU(CLASSES)).iou(batches)
    matrix = np.zeros((3, 3))
    for image, labels in batches:
        logits = resized(
            np.asarray(model(image.astype("float32")))[0], *labels[0].shape
        )
        known = labels[0] != 255
        np.add.at(matrix, (labels[0][known], logits.argmax(-1)[known]), 1)
    correct = matrix.diagonal()
    iou = correct / (matrix.sum(0) + matrix.sum(1) - correct)
    same(found, dict(zip(CLASSES, iou, strict=True)))


class Pairs(keras.utils.PyDataset):
    """Two training batches."""

    batch_size = 2

    def __len__(self):
        return 2

    def __getitem__(self, index):
        images = np.full((2, *SIZE, 3), index, "uint8")
        labels = np.zeros((2, *SIZE), "uint8")
        return {"source": images, "target": images}, {
            "source": labels,
            "target": labels,
        }


def test_evaluate_and_validation_data_of_a_model_in_training(record):
    model = JointModel(segmenter())
    loss = keras.losses.SparseCategoricalCrossentropy(True, ignore_class=255)
    model.compile(keras.optimizers.SGD(0.0), loss, metrics=[ClassIoU(CLASSES)])
    dataset = SegmentationDataset(record, 3, SIZE)
    expected, _ = counted(record, model)
    result = model.evaluate(dataset, verbose=0, return_dict=True)
    same(result, expected)
    callback = PerClassIoU(dataset, CLASSES, print_table=False)
    history = model.fit(
        Pairs(), validation_data=dataset, epochs=2, verbose=0, callbacks=[callback]
    ).history
    for epoch in range(2):
        found = {name: history[f"val_{name}"][epoch] for name in expected}
        same(found, expected)
        assert history["val_loss"][epoch] == pytest.approx(result["loss"], rel=1e-6)
        same(callback.history[epoch], expected)


def test_the_loss_of_evaluate_weighs_batches_by_their_images(tmp_path):
    few = make(tmp_path, [(64, 96), (96, 64), (64, 96), (40, 50)], ignored=0)
    model = JointModel(segmenter())
    model.compile(
        keras.optimizers.SGD(0.0), keras.losses.SparseCategoricalCrossentropy(True)
    )
    dataset = SegmentationDataset(few, 2, SIZE)
    assert [len(labels) for _, labels in dataset] == [2, 1, 1]
    loss = model.evaluate(dataset, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(np.mean(counted(few, model)[1]), rel=1e-5)


def test_pictures_of_several_sizes(record, tmp_path):
    pairs = [read_pair(record, index, SIZE) for index in range(3)]
    callback = PredictionImages(
        [image for image, _ in pairs],
        [read_pair(record, index)[1] for index in range(3)],
        [(0, 0, 0), (9, 9, 9), (99, 99, 99)],
        CLASSES,
        tmp_path,
    )
    callback.set_model(segmenter())
    callback.on_epoch_end(0)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_0001.png"]


def test_the_command_line_from_training_to_pictures(record, tmp_path, capsys):
    photos = pathlib.Path(record.pairs[0][0]).parents[1]
    make(tmp_path / "rendered", [(64, 96), (50, 60)] * 2, seed=1)

    def spell(place):
        return f"folder:{place}/images,{place}/masks,{place}/classes.txt"

    words = ["--source", spell(tmp_path / "rendered"), "--target", spell(photos)]
    words += ["--validation", spell(photos), "--image-size", "32", "48"]
    words += ["--batch-size", "2", "--source-steps", "1", "--steps", "1"]
    words += ["--distillation-steps", "0", "--panels", "2"]
    words += ["--discriminator-filters", "2"]
    run = tmp_path / "run"
    assert main(["train", "--output", str(run), *words]) == 0
    panels = sorted(path.name for path in (run / "panels").iterdir())
    assert panels == ["01.png", "02.png", "all.png"]
    adapted = json.loads((run / "result.json").read_text())["adapted"]
    model = load_model(run / "segmenter.keras")
    expected, _ = counted(record, model)
    same(adapted, expected)
    capsys.readouterr()
    assert main(["evaluate", str(run), "--data", spell(photos)]) == 0
    mean = next(
        line.split()[1]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("mean ")
    )
    assert float(mean) == pytest.approx(100 * expected["mean_iou"], abs=0.1)
    output = str(tmp_path / "comparison")
    methods = ["--methods", "source_only", "--shots", "1", "--seeds", "1"]
    weights = ["--weights", str(run / "source_only.keras")]
    assert main(["compare", "--output", output, *methods, *weights, *words]) == 0
    cells = json.loads((tmp_path / "comparison" / "results.json").read_text())
    model = load_model(tmp_path / "comparison/source_only/0/source_only.keras")
    same(cells[0]["iou"], counted(record, model)[0])
