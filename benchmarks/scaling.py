"""Cost of a step by pixels, of a pass by source images, and memory over many steps.

    python benchmarks/scaling.py --steps 1000

`pixels`: seconds of a PixDA step, small segmenter, on larger and larger images;
`images`: seconds of a pass over more and more source images. The slope is that of a
straight line through the logarithms: 1 is linear, less is a fixed cost beside it.
`memory`: what the process holds after each tenth of the steps.
Prints a table and one line of JSON.
"""

import argparse
import json
import tempfile
import time

import numpy as np
import workers

from keras_pixda import FewShotDomainDataset, PixDAModel, models
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.optimizers import published_optimizers
from keras_pixda.toy_scenes import toy_scenes

SIZES = (64, 128), (128, 128), (128, 256), (256, 256)
COUNTS = 32, 64, 128, 256


def make_model(filters):
    model = PixDAModel(
        models.small_segmenter(workers.NUM_CLASSES, filters=filters),
        models.pixel_discriminator(workers.NUM_CLASSES, filters),
        models.image_discriminator(workers.NUM_CLASSES, filters),
    )
    model.compile(**published_optimizers())
    return model


def seconds_by_pixels(rounds):
    """Median seconds of a step by number of pixels, sizes in turn."""
    model = make_model(16)
    batches = [workers.training_batch(size, 0) for size in SIZES]
    times = np.zeros((rounds, len(SIZES)))
    for number in range(-2, rounds):  # The first two rounds compile.
        for place, batch in enumerate(batches):
            start = time.perf_counter()
            model.train_on_batch(*batch)
            if number >= 0:
                times[number, place] = time.perf_counter() - start
    pixels = [height * width for height, width in SIZES]
    return dict(zip(pixels, np.median(times, 0).tolist(), strict=True))


def seconds_by_images(rounds):
    """Median seconds of a pass, images read and trained on, by number of images."""
    model = make_model(4)
    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=max(COUNTS), image_size=(32, 48))
        source, target = gta5(f"{root}/gta5"), cityscapes(f"{root}/cityscapes")
        dataset = FewShotDomainDataset(source, target, 1, 2, (32, 48))
        dataset.kept = np.arange(4)
        model.fit(dataset, verbose=0)
        times = np.zeros((rounds, len(COUNTS)))
        for number in range(rounds):
            for place, count in enumerate(COUNTS):
                dataset.kept = np.arange(count)
                start = time.perf_counter()
                model.fit(dataset, verbose=0)
                times[number, place] = time.perf_counter() - start
    return dict(zip(COUNTS, np.median(times, 0).tolist(), strict=True))


def memory_by_steps(steps):
    """Megabytes held after each tenth of `steps` steps of new batches."""
    model, held = make_model(4), {}
    for step in range(1, steps + 1):
        model.train_on_batch(*workers.training_batch((32, 48), step))
        if step % max(steps // 10, 1) == 0:
            held[step] = round(workers.memory("VmRSS") / 2**20, 1)
    return held


def slope(values):
    """Exponent of the power law that fits best."""
    return round(float(np.polyfit(*np.log([[*values], [*values.values()]]), 1)[0]), 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    memory = memory_by_steps(options.steps)
    pixels = seconds_by_pixels(options.rounds)
    images = seconds_by_images(options.rounds)
    print(f"{'pixels':>10}{'seconds a step':>18}{'a million pixels':>20}")
    for number, seconds in pixels.items():
        print(f"{number:>10}{seconds:>18.4f}{1e6 * seconds / number:>20.3f}")
    print(f"slope {slope(pixels)}\n")
    print(f"{'images':>10}{'seconds a pass':>18}{'an image':>20}")
    for number, seconds in images.items():
        print(f"{number:>10}{seconds:>18.4f}{seconds / number:>20.4f}")
    print(f"slope {slope(images)}\n")
    print(f"{'steps':>10}{'MB held':>18}")
    for number, megabytes in memory.items():
        print(f"{number:>10}{megabytes:>18.1f}")
    answer = {
        "seconds_by_pixels": pixels,
        "slope_of_pixels": slope(pixels),
        "seconds_by_images": images,
        "slope_of_images": slope(images),
        "megabytes_by_steps": memory,
    }
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
