"""PixDA on plain folders of images and masks.

Run it as it stands, on drawn files: python examples/your_own_data.py
On files of yours: replace `draw` and CLASSES. A mask is a PNG with the name of its
image and one class id a pixel, 255 where there is no label.
"""

import pathlib
import tempfile

import numpy as np
from PIL import Image, ImageDraw

from keras_pixda import (
    ClassIoU,
    FewShotDomainDataset,
    PixDAModel,
    SegmentationDataset,
    published_optimizers,
)
from keras_pixda.datasets import check, folder
from keras_pixda.metrics import SegmenterEvaluator
from keras_pixda.models import image_discriminator, pixel_discriminator, small_segmenter

CLASSES = ("table", "plate", "cup")
SIZE = 64, 96  # Height and width; of your images, what your memory allows.


def records(root):
    """The three data sets; `city` makes the groups that shots are chosen from."""
    rendered = folder(root / "rendered/images", root / "rendered/masks", CLASSES)
    photos, more = (
        folder(
            root / name / "images",
            root / name / "masks",
            CLASSES,
            city=lambda path: path.split("_")[0],
        )
        for name in ("photos", "more_photos")
    )
    return rendered, photos, more


def main(root, steps=60):
    """Check the files, train on both kinds, measure on more photos."""
    rendered, photos, more = records(root)
    for record in (rendered, photos, more):
        assert not check(record), check(record)
    dataset = FewShotDomainDataset(
        rendered, photos, shots=1, batch_size=4, image_size=SIZE, seed=0
    )
    print(f"{len(dataset.source)} rendered images, {len(dataset.target)} photos")
    evaluation = SegmentationDataset(more, batch_size=4, image_size=SIZE)

    number = len(CLASSES)
    model = PixDAModel(
        small_segmenter(number, filters=8),
        pixel_discriminator(number, filters=8),
        image_discriminator(number, filters=8),
    )
    model.compile(**published_optimizers(0.02, head_factor=1.0, decay_steps=2 * steps))
    evaluator = SegmenterEvaluator(model.segmenter, ClassIoU(CLASSES))
    passes = -(-steps // len(dataset))
    print("untrained -> trained")
    before = evaluator.iou(evaluation)
    model.fit(dataset, epochs=passes, verbose=0)
    model.distill(dataset, steps=steps // 4, verbose=0)
    after = evaluator.iou(evaluation)
    for name, value in after.items():
        print(f"{name:10s} {100 * before[name]:5.1f} -> {100 * value:5.1f} % IoU")
    model.segmenter.save(root / "segmenter.keras")
    return before, after


def draw(root):
    """Tables with plates and cups: smooth ones, and noisy ones in other light."""
    random = np.random.default_rng(0)
    groups = {"rendered": 24, "photos": 4, "more_photos": 8}
    for group, count in groups.items():
        for kind in ("images", "masks"):
            (root / group / kind).mkdir(parents=True)
        for index in range(count):
            mask = Image.new("L", (96, 64), 0)
            pen = ImageDraw.Draw(mask)
            x, y = random.integers(4, 40), random.integers(4, 20)
            pen.ellipse((x, y, x + 40, y + 36), fill=1)
            x, y = random.integers(4, 76), random.integers(4, 44)
            pen.rectangle((x, y, x + 12, y + 14), fill=2)
            ids = np.asarray(mask)
            colours = np.array([(150, 110, 70), (235, 235, 225), (60, 90, 170)])
            image = colours[ids] + random.normal(0, 8, 3)
            if group != "rendered":
                light = np.linspace(0.45, 0.9, 96)[None, :, None]
                image = image * light + random.normal(0, 18, image.shape)
            image = Image.fromarray(image.clip(0, 255).astype("uint8"))
            name = f"{('kitchen', 'office')[index % 2]}_{index:03d}"
            image.save(root / group / "images" / f"{name}.jpg")
            mask.save(root / group / "masks" / f"{name}.png")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        draw(pathlib.Path(scratch))
        main(pathlib.Path(scratch))
