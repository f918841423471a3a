"""The least that a step can take: its convolutions at the speed of a matrix product.

    python benchmarks/limits.py --network deeplab_v2 --size 128 256
    python benchmarks/limits.py --network efficientnet_lite0 --size 128 176 --batch 4

Counts the products of all convolutions, forward and back, of a PixDA step, of the
published step in PyTorch, which asks the pixel discriminator about the target twice,
and of joint training; and measures what this machine makes of one large matrix product.
Only an algorithm with fewer products could be faster. Prints a table and one line of
JSON.
"""

import argparse
import json
import time

import numpy as np
import processor
import workers

DTYPES = "float32", "bfloat16"


def products(network, size):
    """Multiplications and additions, twice the products, of every convolution."""
    import keras

    channels = network.input_shape[-1]
    images = keras.Input((*size, channels), batch_size=1)
    copy = keras.models.clone_model(network, input_tensors=images)
    return [
        2 * np.prod(_products_an_output(layer)) * np.prod(layer.output.shape)
        for layer in copy.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    ]


def _products_an_output(layer):
    depthwise = type(layer).__name__.startswith("Depthwise")
    return layer.kernel.shape[: 2 if depthwise else 3]


def steps(network, size):
    """Multiplications and additions of a step of every kind, for one image a domain."""
    from keras_pixda import models

    segmenter = workers.segmenter_of(network)
    pixel = products(models.pixel_discriminator(workers.NUM_CLASSES), size)
    image = products(models.image_discriminator(workers.NUM_CLASSES), size)

    def train(layers):
        # Forward, to the weights, and to the inputs of all layers but the first.
        return 3 * sum(layers) - layers[0]

    joint = 2 * train(products(segmenter, size))
    fooling = sum(pixel)  # Back to the predictions.
    pixda = joint + 2 * train(pixel) + fooling + 2 * train(image)
    answer = {"pixda": pixda, "pytorch": pixda + sum(pixel), "joint": joint}
    return {**answer, "supervised": joint / 2}


def speed(dtype, side=2048, rounds=7):
    """Operations a second, and a processor second, of a matrix product: medians."""
    import tensorflow as tf

    factor = tf.cast(tf.random.normal((side, side)), dtype)
    multiply = tf.function(tf.matmul)
    multiply(factor, factor)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter(), time.process_time()
        multiply(factor, factor)
        seconds.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return 2 * side**3 / np.median(seconds, axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="deeplab_v2")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 256))
    parser.add_argument("--batch", type=int, default=1, help="images of a domain")
    processor.add_options(parser)
    options = parser.parse_args()
    kind = processor.choose(options)
    height, width = options.size
    operations = {
        name: options.batch * count
        for name, count in steps(options.network, (height, width)).items()
    }
    # A processor that is played has no bfloat16 to play.
    dtypes = DTYPES[:1] if options.isa else DTYPES
    speeds, of_processor = {}, {}
    for dtype in dtypes:
        speeds[dtype], of_processor[dtype] = speed(dtype)
    answer = {
        **kind,
        "network": options.network,
        "size": options.size,
        "batch": options.batch,
        "giga_operations": {k: round(v / 1e9, 1) for k, v in operations.items()},
        "giga_operations_a_second": {k: round(v / 1e9) for k, v in speeds.items()},
        "giga_operations_a_processor_second": {
            k: round(v / 1e9) for k, v in of_processor.items()
        },
        "least_seconds": {
            name: {d: round(count / s, 3) for d, s in speeds.items()}
            for name, count in operations.items()
        },
        "pixda / joint": round(operations["pixda"] / operations["joint"], 3),
    }
    batch = f"batch {options.batch} + {options.batch}"
    print(f"{options.network}, {width} x {height} (W x H), {batch}, ", end="")
    print("{isa}, oneDNN {onednn}, {threads} threads".format(**kind))
    print(f"{'':16}{'operations':>16}" + "".join(f"{d:>14}" for d in dtypes))
    rates = answer["giga_operations_a_second"]
    print(f"{'matrix product':32}" + "".join(f"{rates[d]:>9} G/s" for d in dtypes))
    rates = answer["giga_operations_a_processor_second"]
    print(
        f"{'  a processor second':32}" + "".join(f"{rates[d]:>9} G/s" for d in dtypes)
    )
    for name, least in answer["least_seconds"].items():
        count = f"{answer['giga_operations'][name]:.1f} G"
        seconds = "".join(f"{least[d]:>12.3f} s" for d in dtypes)
        print(f"{name:16}{count:>16}{seconds}")
    print(f"{'pixda / joint':24}{answer['pixda / joint']:>8.3f}")
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
