"""Whether the source images that PixDA's selection keeps are better than others.

    python benchmarks/what_selection_keeps.py --output FOLDER --seeds 0 1 2 \
        --weights START.keras --source idda:IDDA --target camvid:CAMVID \
        --validation "camvid:CAMVID?part=rest" --steps 300 --decay-steps 300

PixDA adapts for the batches of `--before`, at a rate that would fall to 0 by
`--decay-before`, and its image discriminator judges every source image, as at a
selection. Joint Training then learns, from the same start and for `--steps`, from all
source images, from the half that is judged best, from the half judged worst and from
two halves drawn at random. All other options are those of `keras-pixda train`. Prints
and adds to `FOLDER/what_selection_keeps.jsonl` a line of JSON for each: mean IoU,
*well* and *under* in %, and the mean score of its images.
"""

import argparse
import json
import pathlib
import sys

import keras
import numpy as np

from keras_pixda.callbacks import SampleSelection
from keras_pixda.commands.settings_options import add_settings, settings_from
from keras_pixda.datasets import PairCache, SegmentationDataset
from keras_pixda.methods.adapt import adapt
from keras_pixda.runs import RunRecords, few_shot_data, starting_segmenter
from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.measure import measure


class Scores(SampleSelection):
    """Judges all source images after the last pass, and keeps every one of them."""

    def __init__(self, dataset):
        super().__init__(dataset, verbose=0)
        self.scores = None

    def on_epoch_end(self, epoch, logs=None):
        """Judge nothing yet."""

    def on_train_end(self, logs=None):
        """Judge every source image, in the order of the record."""
        indices, scores = self.score()
        self.scores = scores[np.argsort(indices)]


def halves(scores, seed):
    """Positions of source images by the name of a part of them.

    Args:
        scores: Of the image discriminator, one for each source image.
        seed: Of the halves that are drawn.

    Returns:
        A dict of sorted arrays.
    """
    count = len(scores) // 2
    order = np.argsort(-scores, kind="stable")
    random = np.random.default_rng(seed)
    drawn = [random.permutation(len(scores))[:count] for _ in range(2)]
    parts = {
        "all": order,
        "best": order[:count],
        "worst": order[-count:],
        "random": drawn[0],
        "random again": drawn[1],
    }
    return {name: np.sort(part) for name, part in parts.items()}


def main():
    """Judge, then learn from each half."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--before", type=int, default=150)
    parser.add_argument("--decay-before", type=int, default=900)
    add_settings(parser)
    parser.set_defaults(distillation_steps=0)
    options = parser.parse_args()
    settings = settings_from(options)
    output = pathlib.Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    file = output / "what_selection_keeps.jsonl"
    records = RunRecords(settings, verbose=False)
    facts = class_facts(records.counted, False)
    evaluation = SegmentationDataset(
        records.validation, 4, settings.data.image_size, cache="memory"
    )
    cache = PairCache("memory")

    def start_and_data(changed):
        keras.utils.set_random_seed(changed.training.seed)
        start = starting_segmenter(changed, len(records.source.classes))
        return start, few_shot_data(changed, records.source, records.target, cache)

    for seed in options.seeds:
        own = settings.change(seed=seed)
        before = own.change(
            method="pixda",
            selection=False,
            steps=options.before,
            decay_steps=options.decay_before,
        )
        start, data = start_and_data(before)
        judge = Scores(data)
        adapt(start, data, before, [judge])
        scores = judge.scores
        after = own.change(method="joint_training")
        for name, kept in halves(scores, seed).items():
            start, data = start_and_data(after)
            data.kept = kept
            iou = measure(adapt(start, data, after), evaluation, facts)
            line = {"seed": seed, "learned_from": name, "images": len(kept)}
            line["score"] = round(float(scores[kept].mean()), 3)
            for figure in ("mean_iou", "well_iou", "under_iou"):
                line[figure] = round(100 * float(iou[figure]), 2)
            text = json.dumps(line)
            with open(file, "a", encoding="utf-8") as lines:
                lines.write(f"{text}\n")
            print(text, flush=True)
            keras.backend.clear_session()


if __name__ == "__main__":
    sys.exit(main())
