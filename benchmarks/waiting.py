"""Whether the demo's training waits for its input.

    python benchmarks/waiting.py --images 60

Passes of the demo's adaptation, by its data set, model and settings, in turn:
`first pass`, whose pictures are read from their files meanwhile; `later pass`, whose
pictures are kept in memory; `one batch`, the same batch again and again, so that no
input is to be waited for. Prints a table and one line of JSON.
"""

import argparse
import json
import tempfile
import time

import keras
import ratios

from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.methods import METHODS
from keras_pixda.models import small_segmenter
from keras_pixda.runs import Settings, few_shot_data
from keras_pixda.toy_scenes import toy_scenes


class OneBatch(keras.utils.PyDataset):
    """The first batch of a data set, as often as it has batches."""

    def __init__(self, dataset):
        super().__init__()
        self.batch, self.count = dataset[0], len(dataset)

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.batch


def measure(images, rounds):
    """Seconds of a pass of each kind, one a round."""
    seconds = {"first pass": [], "later pass": [], "one batch": []}
    with tempfile.TemporaryDirectory() as root:
        settings = Settings.preset(
            "small", source=f"gta5:{root}/gta5", target=f"cityscapes:{root}/cityscapes"
        )
        toy_scenes(root, source_images=images, image_size=settings.data.image_size)
        records = gta5(f"{root}/gta5"), cityscapes(f"{root}/cityscapes")
        dataset = few_shot_data(settings, *records)
        model = next(
            METHODS["pixda"].phases(small_segmenter(19), dataset, settings)
        ).model
        model.fit(OneBatch(dataset), verbose=0)  # Compiles.
        for _ in range(rounds):
            dataset = few_shot_data(settings, *records)
            for name in seconds:
                data = OneBatch(dataset) if name == "one batch" else dataset
                start = time.perf_counter()
                model.fit(data, verbose=0)
                seconds[name].append(time.perf_counter() - start)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seconds = measure(options.images, options.rounds)
    answer = {"seconds": ratios.medians(seconds)}
    for name, value in answer["seconds"].items():
        print(f"{name:32}{value:>8.3f} s")
    for name in ("first pass", "later pass"):
        pair = f"{name} / one batch"
        answer[pair] = ratios.ratio(seconds[name], seconds["one batch"])
        print(ratios.line(pair, answer[pair]))
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
