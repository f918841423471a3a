"""Seconds of a step for networks by their names, each in a process of its own.

    python benchmarks/networks.py --size 128 176 --batch 4

Random weights, which train as fast as pretrained ones. Prints a table and one line of
JSON: million parameters with 19 classes, and the median seconds of a supervised step
and of a PixDA step.
"""

import argparse
import json
import multiprocessing
import time

import numpy as np
import processor
import workers

NETWORKS = (
    *("small", "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"),
    *("applications:MobileNetV2", "applications:ResNet50", "deeplab_v2"),
)


def measure(name, size, batch, steps):
    """Parameters, and the seconds of both kinds of step."""
    import keras

    from keras_pixda import PixDAModel
    from keras_pixda.models import find_segmenter
    from keras_pixda.training import SupervisedModel

    keras.utils.set_random_seed(0)
    segmenter = find_segmenter(name).build(workers.NUM_CLASSES, pretrained=False)
    answer = {"parameters": segmenter.count_params() / 1e6}
    supervised, pixda = SupervisedModel(segmenter), PixDAModel(segmenter)
    supervised.compile(workers.slow_optimizers()["optimizer"])
    pixda.compile(**workers.slow_optimizers())
    batches = [workers.training_batch(size, seed, batch) for seed in range(steps + 2)]
    for kind, model in (("supervised", supervised), ("pixda", pixda)):
        seconds = []
        for images, labels in batches:
            if kind == "supervised":
                images, labels = images["target"], labels["target"]
            start = time.perf_counter()
            model.train_on_batch(images, labels)
            seconds.append(time.perf_counter() - start)
        answer[kind] = float(np.median(seconds[2:]))  # The first ones compile.
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--size", type=int, nargs=2, default=(128, 176))
    parser.add_argument("--batch", type=int, default=4, help="images of a domain")
    parser.add_argument("--steps", type=int, default=5)
    processor.add_options(parser)
    options = parser.parse_args()
    kind = processor.choose(options)
    answers = {}
    print(f"{'':28}{'million':>9}{'supervised':>12}{'pixda':>9}")
    for name in options.networks:
        arguments = name, tuple(options.size), options.batch, options.steps
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            answer = answers[name] = pool.apply(measure, arguments)
        print(
            f"{name:28}{answer['parameters']:>9.1f}{answer['supervised']:>12.3f}"
            f"{answer['pixda']:>9.3f}",
            flush=True,
        )
    print(json.dumps({**kind, "networks": answers}), flush=True)


if __name__ == "__main__":
    main()
