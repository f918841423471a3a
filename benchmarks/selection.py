"""Time of a sample selection against plain forward passes over the same images.

    python benchmarks/selection.py --network deeplab_v2 --size 128 256 --images 8

`selection` is `SampleSelection.score`: read, style, segment and judge every source
image. `forward` is what any use of the images costs: read them by the same data set,
one batch ahead as well, and segment them. Both run in turn in one process.
Prints a table and one line of JSON.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import keras
import ratios
import tensorflow as tf

from keras_pixda import FewShotDomainDataset, PixDAModel, models
from keras_pixda.callbacks import SampleSelection
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.toy_scenes import toy_scenes

# As the presets of the command line have it for either network.
FILTERS = {"deeplab_v2": 64, "small_segmenter": 16}


def measure(network, size, images, batch_size=2, rounds=5, filters=None):
    """Seconds of selections and of forward passes, one a round.

    Args:
        network: `"deeplab_v2"` or `"small_segmenter"`.
        size: Height and width of the images.
        images: Number of source images.
        batch_size: Images judged at once. Defaults to 2.
        rounds: Measured times. Defaults to 5.
        filters: Of the discriminators' first convolution. Defaults to `None`, as in
            `FILTERS`.

    Returns:
        A dict of two lists, `selection` and `forward`.
    """
    keras.utils.set_random_seed(0)
    filters = filters or FILTERS[network]
    model = PixDAModel(
        getattr(models, network)(19),
        models.pixel_discriminator(19, filters),
        models.image_discriminator(19, filters),
    )
    model.compile()
    seconds = {"selection": [], "forward": []}
    with tempfile.TemporaryDirectory() as root:
        toy_scenes(
            root,
            source_images=images,
            target_images_per_city=1,
            validation_images=1,
            image_size=size,
        )
        dataset = FewShotDomainDataset(
            gta5(f"{root}/gta5"),
            cityscapes(f"{root}/cityscapes"),
            shots=1,
            batch_size=batch_size,
            image_size=size,
        )
        selection = SampleSelection(dataset, verbose=0)
        selection.set_model(model)
        selection.on_train_begin()
        segment = tf.function(model.call, reduce_retracing=True)
        ways = {
            "selection": selection.score,
            "forward": lambda: forward(segment, dataset),
        }
        for number in range(rounds + 1):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                if number:  # The first one compiles.
                    seconds[name].append(time.perf_counter() - start)
    return seconds


def forward(segment, dataset):
    """Read and segment all kept source images."""
    batches = dataset.selection_pass()
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(batches.__getitem__, 0)
        for number in range(1, batches.num_batches + 1):
            batch = coming.result()
            if number < batches.num_batches:
                coming = reader.submit(batches.__getitem__, number)
            segment(batch["source"]).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="deeplab_v2")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 256))
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--filters", type=int, help="of the discriminators")
    options = parser.parse_args()
    options.filters = options.filters or FILTERS[options.network]
    seconds = measure(
        options.network,
        tuple(options.size),
        options.images,
        options.batch_size,
        options.rounds,
        options.filters,
    )
    answer = {
        **vars(options),
        "seconds": ratios.medians(seconds),
        "selection / forward": ratios.ratio(seconds["selection"], seconds["forward"]),
    }
    height, width = options.size
    print(
        f"{options.network}, {options.images} images of {width} x {height} (W x H), "
        f"batches of {options.batch_size}, discriminators of {options.filters} filters"
    )
    for name, value in answer["seconds"].items():
        print(f"{name:32}{value:>8.3f} s")
    print(ratios.line("selection / forward", answer["selection / forward"]))
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
