"""All methods with the same effort spent on the settings of each.

    python benchmarks/equal_effort.py --output FOLDER --weights START.keras \
        --source idda:IDDA --target "camvid:CAMVID?cities=18"

Every row gets five trials on its first seed and first number of shots: three learning
rates, then at the best of them its most important setting at a third and at three times
its value; a row without a setting of its own gets two rates more, on either side of
the best. The trial with the highest mIoU on the tuning part of the evaluation data
(`?part=tuning`) is run for all shots and seeds, and measured on the rest
(`?part=rest`). `--trial-share 0.5` gives a trial half of the batches; `--trials FILE`
takes the choices of another run's `trials.json`, such as one with fewer photos.

All other options are those of `keras-pixda compare`; with `--unlabelled` the methods
that put unlabelled images to work take part, and PixDA+ without them as a row more.
Stopped at any moment and given again, it goes on. It writes `trials.json`,
`results.json`, `results.csv` and `table.md` into the folder.
"""

import argparse
import dataclasses
import itertools
import json
import math
import pathlib
import sys

from keras_pixda.commands.settings_options import add_settings, settings_from
from keras_pixda.comparison import Results, compare, comparison_table
from keras_pixda.comparison.rows import (
    BEYOND,
    METHODS,
    ROWS,
    unlabelled_block,
)
from keras_pixda.datasets.data_spelling import DataSpelling

FACTORS = (1 / 3, 1.0, 3.0)
FINER = (3**-0.5, 3**0.5)
# The setting of each method that its results depend on most, beside the rate.
IMPORTANT = {
    "naae": "discriminator_learning_rate",
    "fda": "entropy_weight",
    "fsda": "main_adversarial_weight",
    "pixda": "distillation_weight",
    "self_training": "mixed_weight",
    "pixda+": "balance",
}


def best_changes(method, rate, value, score):
    """The settings of the best of five trials, and all trials.

    Args:
        method: Name of a registered method.
        rate: Learning rate to begin with.
        value: Of the method's important setting, `None` if it has none.
        score: Function of settings by name that gives back their mIoU.

    Returns:
        A dict of settings by name, and a list of `(settings, mIoU)`.
    """
    trials = []

    def best_of(tried):
        for changes in tried:
            trials.append((changes, score(changes)))
        return max(trials, key=lambda trial: trial[1])[0]

    rate_name = f"{method}.learning_rate"
    best = best_of([{rate_name: rate * factor} for factor in FACTORS])
    if value is None:
        more = [{rate_name: best[rate_name] * factor} for factor in FINER]
    else:
        name = f"{method}.{IMPORTANT[method]}"
        more = [{**best, name: value * f} for f in FACTORS if f != 1.0]
    return best_of(more), trials


def part(settings, which):
    """The settings with one part of the evaluation data."""
    data = settings.data.validation or settings.data.target
    spelling = dataclasses.replace(DataSpelling.of(data), part=which, cities=None)
    return settings.change(validation=str(spelling))


def shortened(settings, share):
    """The settings with a share of every phase's batches; none where it has none."""
    training = settings.training
    steps = math.ceil(training.steps * share)
    distillation_steps = math.ceil(training.distillation_steps * share)
    return settings.change(
        steps=steps,
        distillation_steps=distillation_steps,
        # Rounded up one by one, the phases can be a step longer than the whole.
        decay_steps=max(
            math.ceil(training.decay_steps * share), steps + distillation_steps
        ),
    )


def run(settings, folder, name, shots, seeds):
    """The cells of one row, from the folder if they are there."""
    resume = (folder / "config.json").exists()
    compare(settings, folder, shots, seeds, ["source_only", name], resume=resume)
    return Results.read(folder / "results.json")


def tuned(settings, output, name, shots, share=1.0):
    """The best settings by name of a row, and its trials."""
    settings = part(shortened(settings, share), "tuning")
    method = ROWS[name].method
    own = ROWS[name].apply(settings)[method]
    rate = own.learning_rate or settings.training.learning_rate
    value = getattr(own, IMPORTANT[method]) if method in IMPORTANT else None
    numbers = itertools.count()

    def score(changes):
        # The same trials in the same order: each finds its folder again.
        folder = output / "tuning" / f"{name}_{next(numbers)}"
        results = run(settings.change(**changes), folder, name, [shots], 1)
        return results.over_seeds(name, shots, "mean_iou")[0]

    return best_changes(method, rate, value, score)


def read_trials(file):
    """The trials of another run by row, none without a file."""
    return json.loads(file.read_text()) if file else {}


def main():
    """Tune, run and tabulate the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=[*ROWS])
    parser.add_argument("--all-shots", type=int, nargs="+", default=[1, 3, 5])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trial-share", type=float, default=1.0)
    parser.add_argument("--trials", type=pathlib.Path)
    add_settings(parser, without=("shots", "shots_file"))
    parser.set_defaults(shots=None, shots_file=None)
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    options.resume = False  # Each comparison has its own.
    settings = settings_from(options)
    output.mkdir(parents=True, exist_ok=True)
    trials, cells = read_trials(options.trials), {}
    for name in options.rows or rows_for(settings):
        if name not in trials:
            best, tried = tuned(
                settings, output, name, options.all_shots[0], options.trial_share
            )
            trials[name] = {"best": best, "trials": tried}
        (output / "trials.json").write_text(json.dumps(trials, indent=1) + "\n")
        final = part(settings.change(**trials[name]["best"]), "rest")
        folder = output / "rest" / name
        for cell in run(final, folder, name, options.all_shots, options.seeds):
            cells[cell["method"], cell["shots"], cell["seed"]] = cell
        results = Results(cells.values())
        titles = {row: ROWS[row].title for row in results.methods}
        (output / "results.json").write_text(json.dumps(results.cells, indent=1))
        (output / "results.csv").write_text(results.to_csv())
        blocks = unlabelled_block(settings.data.unlabelled_record(), titles)
        table = comparison_table(results, titles, options.all_shots, blocks)
        (output / "table.md").write_text(table)
        print(table, flush=True)


def rows_for(settings):
    """The rows that the data of the settings suffice for."""
    given = settings.data.has_unlabelled
    rows = [
        name
        for name in [*METHODS, *BEYOND]
        if ROWS[name].has_shots and (given or not ROWS[name].needs_unlabelled)
    ]
    return [*rows, "labelled_only"] if given else rows


if __name__ == "__main__":
    sys.exit(main())
