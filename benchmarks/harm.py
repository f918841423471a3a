"""What tells, without looking at evaluation data, that an adaptation does harm.

    python benchmarks/harm.py --output FOLDER --method fine_tuning --marks 20 60 \
        --weights START.keras --source idda:IDDA --target camvid:CAMVID \
        --validation "camvid:CAMVID?part=rest" --steps 60 --distillation-steps 0

After the steps of `--marks`, and for the mean of the weights before and after the last,
it measures mean IoU on some source images, on the shots, on augmented shots and on
`--evaluated` of the images to evaluate on, and how many pixels get the class that the
start gives them.
All other options are those of `keras-pixda train`. Prints and adds to
`FOLDER/harm.jsonl` a line of JSON for each.
"""

import argparse
import json
import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf

from keras_pixda.commands.settings_options import add_settings, settings_from
from keras_pixda.datasets import read_pair
from keras_pixda.datasets.ordinary_augmentation import ordinary_augmentation
from keras_pixda.methods import METHODS
from keras_pixda.metrics.iou_from_confusion import iou_from_confusion
from keras_pixda.models import mix_weights
from keras_pixda.models.load_model import load_model
from keras_pixda.runs import RunRecords, few_shot_data, starting_segmenter
from keras_pixda.training.fit_steps import fit_steps

SOURCE_IMAGES = 30


def pictures(records, data, evaluated):
    """Images and labels of each kind."""
    size = data.image_size

    def some(record, count):
        places = np.linspace(0, len(record) - 1, min(count, len(record))).astype(int)
        return [read_pair(record, place, size, size) for place in places]

    shots = some(data.target, 9)
    augment = ordinary_augmentation()
    augmented = [
        augment(*pair, seed=(99, turn, place))
        for place, pair in enumerate(shots)
        for turn in range(max(1, 12 // len(shots)))
    ]
    return {
        "source": some(records.source, SOURCE_IMAGES),
        "shots": shots,
        "augmented": augmented,
        "evaluation": some(records.validation, evaluated),
    }


class Looks(keras.callbacks.Callback):
    """Measures a segmenter that is in training, after some steps."""

    def __init__(self, segmenter, pairs, marks, say):
        super().__init__()
        self.pairs, self.marks, self.say = pairs, marks, say
        self.segmenter = segmenter
        self.done = 0
        self.first = {}
        self.first = self.look(0)

    def on_train_batch_end(self, batch, logs=None):
        """Count, and look."""
        self.done += 1
        if self.done in self.marks:
            self.look(self.done, {k: float(v) for k, v in (logs or {}).items()})

    def look(self, step, logs=None):
        """Predictions by kind; what they are worth is said."""

        @tf.function(reduce_retracing=True)
        def predict(image):
            logits = self.segmenter(tf.cast(image, tf.float32), training=False)
            return tf.argmax(logits, axis=-1)

        found, line = {}, {"step": step, **(logs or {})}
        classes = self.segmenter.output_shape[-1]
        for kind, pairs in self.pairs.items():
            answers = np.stack([predict(image[None])[0] for image, _ in pairs])
            labels = np.stack([labels for _, labels in pairs])
            known = labels < classes
            counts = np.bincount(
                labels[known].astype(int) * classes + answers[known],
                minlength=classes**2,
            ).reshape(classes, classes)
            iou = 100 * np.array(iou_from_confusion(counts))
            line[f"{kind}_iou"] = [round(float(value), 1) for value in iou]
            line[kind] = round(float(np.nanmean(iou)), 1)
            if kind in self.first:
                same = np.mean(answers == self.first[kind])
                line[f"{kind}_as_start"] = round(100 * float(same), 1)
            found[kind] = answers
        self.say(line)
        return found


def main():
    """Adapt, and look on the way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", default="fine_tuning", choices=[*METHODS])
    parser.add_argument("--marks", type=int, nargs="+", default=[20, 60])
    parser.add_argument("--evaluated", type=int, default=26)
    add_settings(parser)
    options = parser.parse_args()
    settings = settings_from(options).change(method=options.method)
    output = pathlib.Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    run = {
        "method": options.method,
        "target": settings.data.target.rpartition("/")[2],
        "learning_rate": settings.training.learning_rate,
        "augment": settings.data.augment,
    }

    def say(line):
        text = json.dumps({**run, **line})
        with open(output / "harm.jsonl", "a", encoding="utf-8") as file:
            file.write(f"{text}\n")
        print(text, flush=True)

    keras.utils.set_random_seed(settings.training.seed)
    records = RunRecords(settings, verbose=False)
    data = few_shot_data(
        settings, records.source, records.target, unlabelled=records.unlabelled
    )
    start = starting_segmenter(settings, len(records.source.classes))
    start.save(output / "start.keras")
    pairs = pictures(records, data, options.evaluated)
    looks = Looks(start, pairs, options.marks, say)
    for phase in METHODS[options.method].phases(start, data, settings):
        looks.segmenter = phase.segmenter  # Of FSDA no longer the start itself.
        if phase.steps:
            callbacks = [*phase.callbacks, looks]
            fit_steps(phase.model, phase.data, phase.last_step, callbacks)
    mix_weights(looks.segmenter, load_model(output / "start.keras"), 0.5)
    looks.look("half")


if __name__ == "__main__":
    sys.exit(main())
