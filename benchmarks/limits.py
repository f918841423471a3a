"""The least that a step can take: its convolutions at the speed of a matrix product.

    python benchmarks/limits.py --network deeplab_v2 --size 128 256

Counts the products of all convolutions, forward and back, of a PixDA step, of the
published step in PyTorch, which asks the pixel discriminator about the target twice,
and of joint training; and measures what this machine makes of one large matrix product.
Only an algorithm with fewer products could be faster. Prints a table and one line of
JSON.
"""

import argparse
import json
import time

import keras
import numpy as np
import tensorflow as tf
import workers

from keras_pixda import models

DTYPES = "float32", "bfloat16"


def products(network, size):
    """Multiplications and additions, twice the products, of every convolution."""
    channels = network.input_shape[-1]
    images = keras.Input((*size, channels), batch_size=1)
    copy = keras.models.clone_model(network, input_tensors=images)
    return [
        2 * np.prod(layer.kernel.shape[:3]) * np.prod(layer.output.shape)
        for layer in copy.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]


def steps(network, size):
    """Multiplications and additions of a step of every kind, batch 1 + 1."""
    segmenter = getattr(models, network)(workers.NUM_CLASSES)
    pixel = products(models.pixel_discriminator(workers.NUM_CLASSES), size)
    image = products(models.image_discriminator(workers.NUM_CLASSES), size)

    def train(layers):
        # Forward, to the weights, and to the inputs of all layers but the first.
        return 3 * sum(layers) - layers[0]

    joint = 2 * train(products(segmenter, size))
    fooling = sum(pixel)  # Back to the predictions.
    pixda = joint + 2 * train(pixel) + fooling + 2 * train(image)
    return {"pixda": pixda, "pytorch": pixda + sum(pixel), "joint": joint}


def speed(dtype, side=2048, rounds=7):
    """Operations a second of a matrix product, the median."""
    factor = tf.cast(tf.random.normal((side, side)), dtype)
    multiply = tf.function(tf.matmul)
    multiply(factor, factor)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        multiply(factor, factor)
        seconds.append(time.perf_counter() - start)
    return 2 * side**3 / np.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="deeplab_v2")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 256))
    options = parser.parse_args()
    height, width = options.size
    operations = steps(options.network, (height, width))
    speeds = {dtype: speed(dtype) for dtype in DTYPES}
    answer = {
        **vars(options),
        "giga_operations": {k: round(v / 1e9, 1) for k, v in operations.items()},
        "giga_operations_a_second": {k: round(v / 1e9) for k, v in speeds.items()},
        "least_seconds": {
            name: {d: round(count / s, 3) for d, s in speeds.items()}
            for name, count in operations.items()
        },
        "pixda / joint": round(operations["pixda"] / operations["joint"], 3),
    }
    print(f"{options.network}, {width} x {height} (W x H), batch 1 + 1")
    print(f"{'':16}{'operations':>16}" + "".join(f"{d:>14}" for d in DTYPES))
    rates = answer["giga_operations_a_second"]
    print(f"{'matrix product':32}" + "".join(f"{rates[d]:>9} G/s" for d in DTYPES))
    for name, least in answer["least_seconds"].items():
        count = f"{answer['giga_operations'][name]:.1f} G"
        seconds = "".join(f"{least[d]:>12.3f} s" for d in DTYPES)
        print(f"{name:16}{count:>16}{seconds}")
    print(f"{'pixda / joint':24}{answer['pixda / joint']:>8.3f}")
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
