"""Where the wall time of a whole run goes: steps, and everything else.

    python benchmarks/whole_run.py demo --output FOLDER --overwrite
    python benchmarks/whole_run.py train --source idda:IDDA --target camvid:CAMVID ...

Takes the words of `keras-pixda` and runs them in this process. The clock of a part
stops while another one is at work inside it, so that the parts add up to the whole,
from the start of the process to its last line. `steps` are training steps; what the
first of each `fit` takes more than the median of the others, without its tracing, is
`compiling` (TensorFlow's optimizer of graphs, first memory). `cores` is the processor
time of all threads over the wall time. Prints a table, the functions that were traced
more than once for the same shapes, and one line of JSON.
"""

import time

STARTED = time.time()

import argparse  # noqa: E402 the clock has started
import builtins  # noqa: E402
import collections  # noqa: E402
import functools  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402


class Clock:
    """Wall and processor seconds of named parts, of which one runs at a time."""

    def __init__(self):
        self.parts = collections.defaultdict(lambda: [0.0, 0.0, 0])
        self.open = ["the rest"]
        self.looked = time.time(), time.process_time()
        self.thread = threading.get_ident()

    def look(self):
        now = time.time(), time.process_time()
        part = self.parts[self.open[-1]]
        for place in (0, 1):
            part[place] += now[place] - self.looked[place]
        self.looked = now
        return now[0]

    def timed(self, name, function):
        """The function, whose time in the main thread counts for a part."""

        @functools.wraps(function)
        def work(*args, **kwargs):
            if threading.get_ident() != self.thread or self.open[-1] == name:
                return function(*args, **kwargs)
            self.look()
            self.open.append(name)
            self.parts[name][2] += 1
            try:
                return function(*args, **kwargs)
            finally:
                self.look()
                self.open.pop()

        return work


CLOCK = Clock()
TRACES = collections.Counter()
LENGTHS = collections.Counter()
FITS = []
# When the first step began and ended, and all after it.
BEGAN = []
# Files of the package, and what in them is timed as which part.
PARTS = {
    "evaluation": {"metrics.segmenter_evaluator": ["SegmenterEvaluator.iou"]},
    "selection": {"callbacks.sample_selection": ["SampleSelection.score"]},
    "saving states": {"callbacks.state_folder": ["StateFolder.*"]},
    "saving files": {
        "runs.run_folder": ["RunFolder.write", "RunFolder.seal"],
        "callbacks.per_class_iou": ["PerClassIoU._write_csv"],
    },
    "loading models": {"models.load_model": ["load_model"]},
    "making networks": {
        "runs.starting_segmenter": ["starting_segmenter"],
        "runs.check_methods": ["_try_size"],
    },
    "panels": {
        "runs.panels": ["Panels.__init__", "Panels.classes", "Panels.pictures"],
        "callbacks.prediction_images": ["PredictionImages.on_epoch_end"],
    },
    "counting classes": {
        "datasets.class_pixels": ["class_pixels"],
        "runs.mask_warnings": ["mask_warnings"],
    },
    "finding files": {
        "runs.run_records": ["RunRecords.__init__", "RunRecords.inputs"],
        "runs.few_shot_data": ["few_shot_data"],
    },
    "drawing scenes": {"toy_scenes.toy_scenes": ["toy_scenes"]},
}


def replace(owner, attribute, name):
    setattr(owner, attribute, CLOCK.timed(name, getattr(owner, attribute)))


def watch_package():
    """Time what the package has functions of its own for."""
    modules = {}
    for name, places in PARTS.items():
        for place, wanted in places.items():
            module = importlib.import_module(f"keras_pixda.{place}")
            for words in wanted:
                owner, _, attribute = words.rpartition(".")
                if owner:
                    owner = getattr(module, owner)
                    names = [attribute]
                    if attribute == "*":
                        names = [n for n in vars(owner) if callable(vars(owner)[n])]
                    for each in names:
                        replace(owner, each, name)
                else:
                    before = getattr(module, attribute)
                    modules[before] = CLOCK.timed(name, before)
    # Functions are known by name in the files that import them.
    for module in [m for n, m in sys.modules.items() if n.startswith("keras_pixda")]:
        for attribute, value in [*vars(module).items()]:
            if callable(value) and value.__hash__ and value in modules:
                setattr(module, attribute, modules[value])


def watch_tensorflow():
    """Time tracing and training steps."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework import func_graph

    trace = func_graph.func_graph_from_py_func
    timed = CLOCK.timed("tracing", trace)

    def traced(name, python_func, args, kwargs, *more, **options):
        shapes = tf.nest.map_structure(str, (args, kwargs))
        key = name, part_of_the_run(), repr(shapes)[:2000]
        TRACES[key] += 1
        started = time.process_time()
        try:
            return timed(name, python_func, args, kwargs, *more, **options)
        finally:
            LENGTHS[key[:2]] += time.process_time() - started

    func_graph.func_graph_from_py_func = traced

    class Steps:
        def __init__(self, function):
            self.function = CLOCK.timed("steps", function)
            FITS.append([])

        def __call__(self, *args):
            before = CLOCK.look(), CLOCK.parts["tracing"][0]
            BEGAN.append(before[0])
            result = self.function(*args)
            BEGAN.append(CLOCK.look())
            traced = CLOCK.parts["tracing"][0] - before[1]
            FITS[-1].append(CLOCK.look() - before[0] - traced)
            return result

    fit = keras.Model.fit

    def fitted(self, *args, **kwargs):
        make = self.make_train_function

        def made(force=False):
            make(force)
            if not isinstance(self.train_function, Steps):
                self.train_function = Steps(self.train_function)

        self.make_train_function = made
        try:
            return fit(self, *args, **kwargs)
        finally:
            del self.make_train_function
            self.train_function = None

    keras.Model.fit = CLOCK.timed("fit beside its steps", fitted)


def part_of_the_run():
    return next((name for name in reversed(CLOCK.open) if name != "tracing"), "")


def table(words):
    whole = CLOCK.look() - STARTED
    first = sum(
        max(0.0, fit[0] - statistics.median(fit[1:])) for fit in FITS if len(fit) > 1
    )
    parts = {name: [*part] for name, part in CLOCK.parts.items()}
    if first:
        parts["compiling"] = [first, float("nan"), len(FITS)]
        parts["steps"][0] -= first
    print(f"\n{'':<24}{'seconds':>9}{'share':>8}{'cores':>7}{'times':>7}")
    for name, (wall, cpu, count) in sorted(parts.items(), key=lambda x: -x[1][0]):
        line = f"{name:<24}{wall:>9.2f}{100 * wall / whole:>7.1f}%"
        cores = f"{cpu / wall:.2f}" if wall and cpu == cpu else ""
        print(f"{line}{cores:>7}{count or '':>7}")
    cores = time.process_time() / whole
    print(f"{'the whole':<24}{whole:>9.2f}{'100.0%':>8}{cores:>7.2f}")
    if BEGAN:
        begun, ended = (moment - STARTED for moment in BEGAN[:2])
        print(f"the first step began after {begun:.1f} s and ended after {ended:.1f} s")
    for number, fit in enumerate(FITS, 1):
        median = statistics.median(fit)
        print(f"fit {number}: {len(fit)} steps of {1000 * median:.0f} ms (median)")
    for (name, part), seconds in LENGTHS.most_common(6):
        print(f"traced {name} in {part}: {seconds:.1f} s of processor time")
    again = [(count, key) for key, count in TRACES.items() if count > 1]
    print(f"{sum(TRACES.values())} traces, {len(again)} functions more than once:")
    for count, (name, part, shapes) in sorted(again, reverse=True)[:20]:
        print(f"  {count} x {name} in {part}: {shapes[:100]}")
    seconds = {name: round(part[0], 2) for name, part in parts.items()}
    print(json.dumps({"words": words, "whole": round(whole, 2), **seconds}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="WORDS")
    words = parser.parse_args().words
    builtins.__import__ = CLOCK.timed("imports", builtins.__import__)
    importlib.import_module = CLOCK.timed("imports", importlib.import_module)
    from keras_pixda import cli
    from keras_pixda.commands.environment import prepare_environment

    prepare_environment()
    watch_package()
    watch_tensorflow()
    status = cli.main(words)
    table(words)
    return status


if __name__ == "__main__":
    sys.exit(main())
