"""Images a second of the input pipeline against PIL in a PyTorch DataLoader.

    python benchmarks/input_pipeline.py --images 40

Both give batches of source and target images with labels, resized to 1024x512, from
generated PNGs as large as those of GTA5 (1914x1052) and Cityscapes (2048x1024), with
two workers. `loader` decodes source and target anew for every batch, as the published
code does; `cold` is FewShotDomainDataset in its first epoch, `later` in further ones
without a cache, `cached` in further ones with `cache="memory"`. `source` and `source
loader` are like for like: source pairs alone, nothing kept. They take turns, medians
are over the rounds. Prints a table and one line of JSON.
"""

import argparse
import json
import pathlib
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import ratios
import torch
from PIL import Image

from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset, folder

CLASSES = tuple(f"class {number}" for number in range(19))
SIZE = 512, 1024  # Height and width of a batch.
SIZES = {"source": (1052, 1914), "target": (1024, 2048)}


def draw(root, images, seed=0):
    """Write PNG pairs: smooth pictures with some noise, labels in blocks."""
    random = np.random.default_rng(seed)
    records = {}
    for domain, (height, width) in SIZES.items():
        count = images if domain == "source" else 2
        places = [pathlib.Path(root, domain, part) for part in ("images", "masks")]
        for place in places:
            place.mkdir(parents=True)
        for number in range(count):
            coarse = random.integers(0, 226, (33, 60, 3), dtype="uint8")
            smooth = Image.fromarray(coarse).resize((width, height))
            noise = random.integers(0, 8, (height, width, 3), dtype="uint8")
            image = np.asarray(smooth) // 2 + noise
            labels = random.integers(0, 19, (33, 60), dtype="uint8")
            labels = Image.fromarray(labels).resize((width, height), Image.NEAREST)
            Image.fromarray(image).save(places[0] / f"{number}.png")
            labels.save(places[1] / f"{number}.png")
        records[domain] = folder(*places, CLASSES)
    return records


class PlainPairs(torch.utils.data.Dataset):
    """The usual way to read pairs in PyTorch."""

    def __init__(self, pairs, count):
        self.pairs, self.count = pairs, count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        image, mask = self.pairs[index % len(self.pairs)]
        size = SIZE[::-1]
        image = Image.open(image).convert("RGB").resize(size, Image.BICUBIC)
        mask = Image.open(mask).resize(size, Image.NEAREST)
        image, mask = np.array(image), np.array(mask)
        table = np.full(256, 255, np.uint8)
        table[:19] = range(19)
        return torch.from_numpy(image), torch.from_numpy(table[mask])


def loader(pairs, count):
    return torch.utils.data.DataLoader(
        PlainPairs(pairs, count), 1, num_workers=1, persistent_workers=True
    )


def read_loaders(loaders):
    """All batches of the loaders side by side; two processes in all."""
    for _ in zip(*loaders, strict=True):
        pass


def read(dataset):
    """All batches, prepared by two threads as in `fit`."""
    with ThreadPoolExecutor(2) as threads:
        for _ in threads.map(dataset.__getitem__, range(len(dataset))):
            pass


def measure(images, rounds):
    """Source images a second of each way, one figure a round."""
    with tempfile.TemporaryDirectory() as root:
        records = draw(root, images)
        source, target = records["source"], records["target"]
        theirs = [loader(record.pairs, images) for record in (source, target)]
        alone = torch.utils.data.DataLoader(
            PlainPairs(source.pairs, images), 1, num_workers=2, persistent_workers=True
        )

        def few_shot(cache=None):
            return FewShotDomainDataset(
                source, target, None, 1, SIZE, shots_file=shots, cache=cache
            )

        shots = pathlib.Path(root, "shots.txt")
        shots.write_text("0\n1\n")
        later, cached = few_shot(), few_shot("memory")
        plain = SegmentationDataset(source, 1, SIZE, label_size="image")
        # Processes start, and what is kept is read, before time is taken.
        for loaders in (theirs, [alone]):
            read_loaders(loaders)
        for dataset in (later, cached):
            read(dataset)
        ways = {
            "loader": lambda: read_loaders(theirs),
            "cold": lambda: read(few_shot()),
            "later": lambda: read(later),
            "cached": lambda: read(cached),
            "source loader": lambda: read_loaders([alone]),
            "source": lambda: read(plain),
        }
        speeds = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                speeds[name].append(images / (time.perf_counter() - start))
    return speeds


def summary(speeds):
    """What the line of JSON holds: medians, and ratios within a round."""
    pairs = [(name, "loader") for name in ("cold", "later", "cached")]
    pairs.append(("source", "source loader"))
    return {
        "source_images_a_second": ratios.medians(speeds, 2),
        "ratios": {
            f"{a} / {b}": ratios.ratio(speeds[a], speeds[b], 2) for a, b in pairs
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    answer = summary(measure(options.images, options.rounds))
    for name, speed in answer["source_images_a_second"].items():
        print(f"{name:24}{speed:>9.2f} source images a second")
    for name, values in answer["ratios"].items():
        print(ratios.line(name, values, 25, 2))
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
