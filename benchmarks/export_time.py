"""Exported files of a pretrained network against Keras: how equal, how fast.

    python benchmarks/export_time.py --size 256 512 --rounds 30

Writes EfficientNet-Lite0 with ImageNet weights under a pyramid head as SavedModel, ONNX
and LiteRT of one size, and asks them and Keras, compiled, in turn for the logits of one
image. Prints a table and one line of JSON: the largest difference to Keras's logits,
the median of the milliseconds, and Keras's share of them.
"""

import argparse
import json
import os
import tempfile
import time

import keras
import numpy as np
import ratios
import tensorflow as tf

from keras_pixda.models import find_segmenter
from keras_pixda.serving import export_segmenter
from keras_pixda.serving.exported import load_exported

FORMATS = {"savedmodel": "", "onnx": ".onnx", "litert": ".tflite"}


def compiled(segmenter):
    """Keras as `predict` of a batch would run it."""

    @tf.function(jit_compile=False)
    def run(images):
        return segmenter(tf.cast(images, "float32"), training=False)

    return lambda images: run(images).numpy()


def litert(path):
    """A LiteRT file on all cores, which is not its default."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=len(os.sched_getaffinity(0)))
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    return lambda images: runner(images=images)["logits"]


def measure(name, size, rounds):
    """The largest differences to Keras, and milliseconds by round."""
    keras.utils.set_random_seed(0)
    named = find_segmenter(name)
    segmenter = named.build(19, pretrained=named.is_pretrained())
    images = np.random.default_rng(0).integers(0, 256, (1, *size, 3), "uint8")
    runs = {"keras": compiled(segmenter)}
    with tempfile.TemporaryDirectory() as folder:
        for format, suffix in FORMATS.items():
            path = f"{folder}/segmenter{suffix}"
            export_segmenter(segmenter, path, format, image_size=size, verify=False)
            if format == "litert":
                runs[format] = litert(path)
            else:
                runs[format] = load_exported(path, format, "logits")
        expected = runs["keras"](images)
        differences = {
            format: float(np.abs(run(images) - expected).max())
            for format, run in runs.items()
        }
        milliseconds = {format: [] for format in runs}
        for _ in range(rounds):
            for format, run in runs.items():
                start = time.perf_counter()
                run(images)
                milliseconds[format].append(1e3 * (time.perf_counter() - start))
    return differences, milliseconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="efficientnet_lite0")
    parser.add_argument("--size", type=int, nargs=2, default=(256, 512))
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    differences, milliseconds = measure(
        options.network, tuple(options.size), options.rounds
    )
    answer = {"difference": differences, "milliseconds": ratios.medians(milliseconds)}
    print(f"{'':12}{'difference':>12}{'ms':>10}")
    for format, value in answer["milliseconds"].items():
        print(f"{format:12}{differences[format]:>12.1e}{value:>10.1f}")
    for format in FORMATS:
        pair = f"{format} / keras"
        answer[pair] = ratios.ratio(milliseconds[format], milliseconds["keras"])
        print(ratios.line(pair, answer[pair]))
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
