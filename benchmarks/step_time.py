"""Time, memory and losses of a training step against two others, alternating.

    python benchmarks/step_time.py --network deeplab_v2 --size 128 256
    python benchmarks/step_time.py --isa avx2 --onednn on
    python benchmarks/step_time.py --network efficientnet_lite0 --size 128 176 --batch 4
    python benchmarks/step_time.py --network efficientnet_lite0 --size 1024 2048 \
        --names prediction pytorch_prediction pytorch_prediction_last

Every contestant has a process of its own, the same weights and the same batches:
`pixda`, PixDAModel with both discriminators and style transfer; `bfloat16`, the same
under mixed_bfloat16; `xla`, the same compiled by XLA, only if it is named; `joint`,
supervised training of the same segmenter on the same pixels; `supervised`, on those of
the target alone; `prediction`, no step but the classes of those, as `predict` finds
them; `pytorch`, the published step in plain PyTorch, `pytorch_supervised` and
`pytorch_prediction`; with `_last` in PyTorch's layout of channels last. Their steps
alternate, so that what else the machine does falls on all, and ratios are medians over
the rounds.
Prints a table and one line of JSON.
"""

import argparse
import json
import pathlib
import tempfile

import numpy as np
import processor
import ratios
import workers

CONTESTANTS = {
    "pixda": ("pixda", {}),
    "bfloat16": ("pixda", {"policy": "mixed_bfloat16"}),
    "xla": ("pixda", {"jit_compile": True}),
    "joint": ("joint", {}),
    "joint_bfloat16": ("joint", {"policy": "mixed_bfloat16"}),
    "supervised": ("supervised", {}),
    "pytorch": ("pytorch", {}),
    "pytorch_last": ("pytorch", {"channels_last": True}),
    "pytorch_supervised": ("pytorch", {"step": "SupervisedStep"}),
    "pytorch_supervised_last": (
        "pytorch",
        {"step": "SupervisedStep", "channels_last": True},
    ),
    "prediction": ("prediction", {}),
    "pytorch_prediction": ("pytorch", {"step": "Prediction"}),
    "pytorch_prediction_last": (
        "pytorch",
        {"step": "Prediction", "channels_last": True},
    ),
}
RATIOS = (
    ("pixda", "pytorch"),
    ("pixda", "pytorch_last"),
    ("supervised", "pytorch_supervised"),
    ("supervised", "pytorch_supervised_last"),
    ("prediction", "pytorch_prediction"),
    ("prediction", "pytorch_prediction_last"),
    ("bfloat16", "pytorch"),
    ("xla", "pixda"),
    ("pixda", "joint"),
    ("bfloat16", "joint_bfloat16"),
)
# XLA takes minutes to compile.
DEFAULT = ["pixda", "bfloat16", "joint", "joint_bfloat16", "pytorch"]
PYRAMID = ["pixda", "pytorch", "pytorch_last"]
PYRAMID += ["supervised", "pytorch_supervised", "pytorch_supervised_last"]
# float32 differs by rounding, which three updates of a deep network carry on.
TOLERANCE = 1e-3


def measure(network, size, names, rounds=5, warm_up=2, batch=1):
    """Run all contestants in alternation.

    Args:
        network: `"deeplab_v2"`, `"small_segmenter"` or `"efficientnet_lite0"`.
        size: Height and width of the images.
        names: Keys of `CONTESTANTS`.
        rounds: Measured steps of each. Defaults to 5.
        warm_up: Steps before those, which compile. Defaults to 2.
        batch: Images of a domain. Defaults to 1.

    Returns:
        A dict for each name: seconds and processor seconds of every round, all losses,
        and `idle` and `peak` memory in bytes.
    """
    results, running = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        weights = str(pathlib.Path(folder, "weights.npz"))
        # The first writes the weights that the others read: it has all networks.
        for name in sorted(names, key=lambda name: CONTESTANTS[name][0] != "pixda"):
            kind, settings = CONTESTANTS[name]
            running[name] = workers.start(
                kind,
                network=network,
                size=tuple(size),
                weights=weights,
                batch_size=batch,
                **settings,
            )
            first = running[name].step(0)
            results[name] = {"losses": [first["losses"]], "seconds": []}
            results[name]["processor_seconds"] = []
        for number in range(1, warm_up + rounds):
            for name, worker in running.items():
                answer = worker.step(number)
                results[name]["losses"].append(answer["losses"])
                if number >= warm_up:
                    for key in ("seconds", "processor_seconds"):
                        results[name][key].append(answer[key])
        for name, worker in running.items():
            results[name].update(worker.close())
    return results


def loss_difference(results, name="pixda", reference="pytorch"):
    """Greatest relative difference of a loss, over all terms and steps."""
    ours, theirs = (np.array(results[key]["losses"]) for key in (name, reference))
    return float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-3)))


def summary(network, size, results, batch=1):
    """What the line of JSON holds."""
    pairs = [(a, b) for a, b in RATIOS if a in results and b in results]
    ours = "pixda", "supervised", "prediction"
    twins = [(a, b) for a, b in pairs if a in ours and "pytorch" in b]

    def in_pairs(kind):
        return {
            f"{a} / {b}": ratios.ratio(results[a][kind], results[b][kind])
            for a, b in pairs
        }

    answer = {
        "network": network,
        "height": size[0],
        "width": size[1],
        "batch": batch,
        **{
            kind: ratios.medians({k: v[kind] for k, v in results.items()})
            for kind in ("seconds", "processor_seconds")
        },
        "peak_megabytes": {k: v["peak"] // 10**6 for k, v in results.items()},
        "framework_megabytes": {k: v["idle"] // 10**6 for k, v in results.items()},
        "ratios": in_pairs("seconds"),
        # Of the work done, whatever else the machine did meanwhile.
        "processor_ratios": in_pairs("processor_seconds"),
    }
    if twins:
        differences = [loss_difference(results, *twin) for twin in twins]
        answer["loss_difference"] = max(differences)
    return answer


def table(answer):
    """The summary as text."""
    batch = f"batch {answer['batch']} + {answer['batch']}"
    lines = [
        f"{answer['network']}, {answer['width']} x {answer['height']} (W x H), "
        f"{batch}, {answer['isa']}, oneDNN {answer['onednn']}, "
        f"{answer['threads']} threads",
        f"{'':16}{'seconds':>10}{'peak MB':>10}{'of it framework':>18}",
    ]
    for name, seconds in answer["seconds"].items():
        lines.append(
            f"{name:16}{seconds:>10.3f}{answer['peak_megabytes'][name]:>10}"
            f"{answer['framework_megabytes'][name]:>18}"
        )
    for name, values in answer["ratios"].items():
        processor = ratios.line("   processor", answer["processor_ratios"][name], 12)
        lines.append(ratios.line(name, values) + processor)
    if "loss_difference" in answer:
        lines.append(
            f"greatest relative loss difference {answer['loss_difference']:.1e}"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="deeplab_v2")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 256))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1, help="images of a domain")
    parser.add_argument("--names", nargs="+", choices=CONTESTANTS)
    processor.add_options(parser)
    options = parser.parse_args()
    kind = processor.choose(options)
    pyramid = options.network == "efficientnet_lite0"
    names = options.names or (PYRAMID if pyramid else DEFAULT)
    network, size, batch = options.network, options.size, options.batch
    results = measure(network, size, names, options.rounds, batch=batch)
    answer = {**kind, **summary(network, size, results, batch)}
    print(table(answer))
    print(json.dumps(answer), flush=True)
    if answer.get("loss_difference", 0) > TOLERANCE:
        raise SystemExit(f"The losses differ by more than {TOLERANCE}.")


if __name__ == "__main__":
    main()
