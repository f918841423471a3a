"""A step of PixDA inside `fit` and through `train_on_batch`, as the settings are.

    python benchmarks/fit_step.py
    python benchmarks/fit_step.py --network deeplab_v2 --rounds 2 --steps 3

With oneDNN on and off, and with freed memory kept for the next step or given back to
the system as TensorFlow's input does (`given back`). Each is a process of its own, and
they take turns. Prints the medians of a step and their least and greatest: seconds, of
them on processors, of these in the system, and page faults; and one line of JSON.
`--isa AVX2` shows a processor without AVX-512.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np
import ratios

# The demo's, and the published network at the size of step_time.py.
NETWORKS = {
    "small_segmenter": {"batch": 4, "size": (128, 192), "filters": 16},
    "deeplab_v2": {"batch": 1, "size": (128, 256), "filters": 64},
}
VARIANTS = {
    f"oneDNN {state}{note}": {"TF_ENABLE_ONEDNN_OPTS": value, "KEEP": keep}
    for state, value in (("on", "1"), ("off", "0"))
    for note, keep in (("", "1"), (", given back", "0"))
}
FIGURES = ("seconds", "processor", "system", "faults")


def work(network, steps):
    """Measure in turn, as often as standard input has a line."""
    import keras

    import keras_pixda.training.few_shot_model as few_shot_model
    from keras_pixda import PixDAModel, models, published_optimizers

    if os.environ["KEEP"] == "0":
        few_shot_model.keep_freed_memory = lambda: None
    settings = NETWORKS[network]
    shape = (settings["batch"], *settings["size"])
    random = np.random.default_rng(0)

    def domains(shape, top, dtype):
        return {
            name: random.integers(0, top, shape).astype(dtype)
            for name in ("source", "target")
        }

    class Batches(keras.utils.PyDataset):
        batch = domains((*shape, 3), 256, "float32"), domains(shape, 19, "uint8")

        def __len__(self):
            return steps + 1

        def __getitem__(self, index):
            return self.batch

    class Usage(keras.callbacks.Callback):
        """Between the ends of the first step and the last."""

        def on_train_batch_end(self, batch, logs=None):
            if batch == 0:
                self.before = usage()
            self.after = usage()

    model = PixDAModel(
        getattr(models, network)(19),
        models.pixel_discriminator(19, settings["filters"]),
        models.image_discriminator(19, settings["filters"]),
    )
    model.compile(**published_optimizers(learning_rate=1e-3))
    data, inside = Batches(), Usage()
    model.fit(data, verbose=0)
    print(json.dumps("ready"), flush=True)
    for _ in sys.stdin:
        before = usage()
        for _ in range(steps):
            model.train_on_batch(*data.batch)
        answer = {"train_on_batch": list((usage() - before) / steps)}
        model.fit(data, verbose=0, callbacks=[inside])
        answer["fit"] = list((inside.after - inside.before) / steps)
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({**answer, "peak": highest // 1000}), flush=True)


def usage():
    """Seconds, processor seconds, those in the system, and page faults so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    times = time.perf_counter(), used.ru_utime + used.ru_stime, used.ru_stime
    return np.array([*times, used.ru_minflt])


def measure(network, names, rounds, steps, isa):
    """What each variant answered in each round."""
    processes, answers = {}, {name: [] for name in names}
    try:
        for name in names:
            extra = {"ONEDNN_MAX_CPU_ISA": isa} if isa else {}
            processes[name] = subprocess.Popen(
                [sys.executable, __file__, "--work", network, "--steps", str(steps)],
                env={**os.environ, **VARIANTS[name], **extra},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes[name].stdout.readline()
        for _ in range(rounds):
            for name, process in processes.items():
                process.stdin.write("\n")
                process.stdin.flush()
                answers[name].append(json.loads(process.stdout.readline()))
    finally:
        for process in processes.values():
            process.stdin.close()
            process.wait()
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="small_segmenter", choices=NETWORKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="in a round")
    parser.add_argument("--names", nargs="+", default=[*VARIANTS], choices=VARIANTS)
    parser.add_argument("--isa", help="what oneDNN may use at most, such as AVX2")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(options.work, options.steps)
    names = options.names
    answers = measure(
        options.network, names, options.rounds, options.steps, options.isa
    )
    summary = {"network": options.network, "isa": options.isa, "variants": {}}
    for name in names:
        for way in ("train_on_batch", "fit"):
            values = np.array([answer[way] for answer in answers[name]])
            figures = dict(zip(FIGURES, values.T.tolist(), strict=True))
            print(f"{name}, {way}, peak {answers[name][-1]['peak']} MB")
            for figure, rounds in figures.items():
                digits = 0 if figure == "faults" else 3
                shown = ratios.ratio(rounds, np.ones(len(rounds)), digits)
                print(ratios.line(f"    {figure}", shown, digits=digits))
            summary["variants"][f"{name}, {way}"] = ratios.medians(figures)
    print(json.dumps(summary), flush=True)
    return None


if __name__ == "__main__":
    main()
