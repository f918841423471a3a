"""Where the time of a training step goes: milliseconds of each kind of operation.

    python benchmarks/step_profile.py --size 256 512 --contestant bfloat16
    python benchmarks/step_profile.py --network efficientnet_lite0 --size 128 176 \
        --batch 4 --contestant supervised

A contestant of `step_time.py`. Milliseconds are those of TensorFlow's profiler, added
over all threads, which wait inside of an operation too where another one has the core:
so the figures are best of one thread. `busy` is the processor time over the clock.
Prints a table and one line of JSON.
"""

import argparse
import collections
import json
import pathlib
import tempfile
import time

import numpy as np
import processor
import step_time
import workers


def measure(step, batches):
    """Median seconds and processor seconds of a step."""
    seconds = []
    for images, labels in batches:
        start = time.perf_counter(), time.process_time()
        step(images, labels)
        seconds.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return np.median(seconds, axis=0)


def profile(step, batches, folder):
    """Milliseconds and number of calls in a step, for each kind of operation."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=3)
    tf.profiler.experimental.start(folder, options)
    for images, labels in batches:
        step(images, labels)
    tf.profiler.experimental.stop()
    [path] = pathlib.Path(folder).rglob("*.xplane.pb")
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    kinds = collections.defaultdict(lambda: np.zeros(2))
    for plane in space.planes:
        names = plane.event_metadata
        for event in (event for line in plane.lines for event in line.events):
            # What is executed is called name:kind; methods of C++ have two colons.
            name, _, kind = names[event.metadata_id].name.rpartition(":")
            if name and not name.endswith(":") and " " not in kind:
                kinds[kind] += event.duration_ps / 1e9, 1
    return {kind: list(sums / len(batches)) for kind, sums in kinds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="deeplab_v2")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 256))
    parser.add_argument("--batch", type=int, default=1, help="images of a domain")
    parser.add_argument("--contestant", default="pixda", choices=step_time.CONTESTANTS)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rows", type=int, default=20, help="of the table")
    processor.add_options(parser)
    options = parser.parse_args()
    answer = processor.choose(options)
    kind, settings = step_time.CONTESTANTS[options.contestant]
    size, batch = tuple(options.size), options.batch
    batches = [
        workers.training_batch(size, seed, batch) for seed in range(options.steps)
    ]
    with tempfile.TemporaryDirectory() as folder:
        step, _ = workers.MAKERS[kind](
            network=options.network,
            size=size,
            weights=str(pathlib.Path(folder, "weights.npz")),
            batch_size=batch,
            **settings,
        )
        measure(step, batches[:2])  # These compile.
        clock, of_processor = measure(step, batches)
        kinds = profile(step, batches, folder)
    total = sum(milliseconds for milliseconds, _ in kinds.values())
    print(f"{clock:.3f} s, busy {of_processor / clock:.2f}; operations {total:.0f} ms")
    print(f"{'':36}{'ms':>9}{'share':>8}{'calls':>8}")
    ranked = sorted(kinds.items(), key=lambda item: -item[1][0])
    for name, (milliseconds, calls) in ranked[: options.rows]:
        share = milliseconds / total
        print(f"{name[:36]:36}{milliseconds:>9.1f}{share:>8.1%}{calls:>8.1f}")
    answer |= {"seconds": clock, "processor_seconds": of_processor, "kinds": kinds}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
