"""Highest memory of a training step by image size, and by parts of a batch.

    python benchmarks/memory.py --network small_segmenter
    python benchmarks/memory.py --network small_segmenter --batch 4 --accumulate 1 2 4

Every figure is of a process of its own, after three steps: its highest memory, and what
the framework takes of it before there is a model. The slope, least squares over the
sizes, is what one more pixel costs; `pytorch` is the published step in PyTorch.
Prints a table and one line of JSON.
"""

import argparse
import json
import pathlib
import tempfile

import numpy as np
import workers

SIZES = ((128, 256), (192, 384), (256, 512))
STEPS = 3


def peak(kind, network, size, weights, **settings):
    """Highest memory of three steps and the framework's own, in bytes."""
    worker = workers.start(
        kind, network=network, size=size, weights=weights, **settings
    )
    for number in range(STEPS):
        worker.step(number)
    answer = worker.close()
    return answer["peak"], answer["idle"]


def slope(sizes, peaks):
    """Bytes a pixel and the part that does not grow, by least squares."""
    pixels = [height * width for height, width in sizes]
    return [float(x) for x in np.polyfit(pixels, peaks, 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="deeplab_v2")
    parser.add_argument("--kinds", nargs="+", default=["pixda", "joint", "pytorch"])
    parser.add_argument("--sizes", nargs="+", default=[f"{h}x{w}" for h, w in SIZES])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--accumulate", type=int, nargs="+", default=[1])
    parser.add_argument("--policy", default="float32")
    options = parser.parse_args()
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes]
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        weights = str(pathlib.Path(folder, "weights.npz"))
        # The first writes the weights that the others read: it has all networks.
        for kind in sorted(options.kinds, key=lambda kind: kind != "pixda"):
            for parts in options.accumulate if kind == "pixda" else [1]:
                name = f"{kind}, {parts} parts" if parts > 1 else kind
                settings = {"batch_size": options.batch}
                if kind != "pytorch":
                    settings["policy"] = options.policy
                if parts > 1:
                    settings["accumulate"] = parts
                rows[name] = [
                    peak(kind, options.network, size, weights, **settings)
                    for size in sizes
                ]
    answer = {
        **vars(options),
        "peak_megabytes": {n: [p // 10**6 for p, _ in r] for n, r in rows.items()},
        "framework_megabytes": {n: r[0][1] // 10**6 for n, r in rows.items()},
        "bytes_a_pixel": {},
        "fixed_megabytes": {},
    }
    columns = "".join(f"{f'{w} x {h}':>14}" for h, w in sizes)
    print(
        f"{options.network}, batch {options.batch} + {options.batch}, "
        f"{options.policy}: highest memory in MB by image size (W x H)"
    )
    print(f"{'':20}{columns}{'of it framework':>18}{'bytes a pixel':>16}")
    for name, row in rows.items():
        peaks = answer["peak_megabytes"][name]
        text = f"{name:20}" + "".join(f"{value:>14}" for value in peaks)
        text += f"{answer['framework_megabytes'][name]:>18}"
        if len(sizes) > 1:
            more, fixed = slope(sizes, [p for p, _ in row])
            # Of one image of each domain.
            answer["bytes_a_pixel"][name] = round(more / options.batch)
            answer["fixed_megabytes"][name] = round(fixed / 10**6)
            text += f"{answer['bytes_a_pixel'][name]:>16}"
        print(text)
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
