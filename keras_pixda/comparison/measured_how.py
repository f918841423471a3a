"""What a reader of a comparison must know to judge its figures."""

import collections
import os
import platform
from collections.abc import Iterable

import keras
import tensorflow as tf

from keras_pixda.comparison.rows import ROWS, readers_of_unlabelled
from keras_pixda.models.find_segmenter import find_segmenter
from keras_pixda.runs.run_plan import START
from keras_pixda.runs.run_records import RunRecords
from keras_pixda.runs.settings import PRESETS, Settings

# Places, which the facts tell by name, and what a cell decides.
_ELSEWHERE = {
    *("source", "target", "validation", "unlabelled", "weights", "method", "shots")
}


def measured_how(
    settings: Settings,
    records: RunRecords,
    well: Iterable[str],
    names: Iterable[str],
    cells: Iterable[dict] = (),
) -> dict[str, str]:
    """The facts below a comparison, by heading.

    Args:
        settings: The `Settings` of its runs.
        records: Their `RunRecords`.
        well: Names of the well-represented classes.
        names: Names of the rows that ran.
        cells: `Results`, or their cells, of which those that ended before their budget
            are named. Defaults to none.

    Returns:
        Dict from text to text.
    """
    data, network, training = settings.data, settings.network, settings.training
    height, width = data.image_size
    name = os.path.basename(network.segmenter)  # Of a file, without its folder.
    named = find_segmenter(network.segmenter)
    if network.weights is None and named.is_pretrained(network.pretrained):
        name = f"{name}, pretrained"
    unlabelled = {}
    if records.unlabelled is not None:
        readers = [ROWS[name].title for name in readers_of_unlabelled(names)]
        unlabelled["Unlabelled"] = (
            f"{records.unlabelled.name}, {len(records.unlabelled)} images but for the "
            f"shots, read by {', '.join(readers) or 'no method'}"
        )
    return {
        "Source": f"{records.source.name}, {len(records.source)} images",
        "Target": f"{records.target.name}, {len(records.target)} images to draw from",
        **unlabelled,
        "Measured on": f"{records.validation.name}, {len(records.validation)} images "
        "at label size",
        "Well represented": ", ".join(well),
        "Network": f"{name}, images of {width} x {height} pixels",
        "Start": f"weights of {os.path.basename(network.weights)}, for all seeds"
        if network.weights
        else f"{training.source_steps} source-only steps for each seed",
        "Budget": f"{training.target_steps} batches of {data.batch_size} target "
        f"images for every method{_ended_early(cells, training.target_steps)}",
        "Settings": _beside_preset(settings, {ROWS[name].method for name in names}),
        "Machine": f"{os.cpu_count()} cores, {platform.machine()}, "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}",
    }


def _ended_early(cells, budget):
    """The rows that a method of theirs has ended early, and after how many batches."""
    batches = collections.defaultdict(set)
    for cell in cells:
        row = ROWS[cell["method"]]
        if row.method != START and cell.get("batches", budget) < budget:
            batches[row.title].add(cell["batches"])
    ended = [
        f"{title} after {' to '.join(map(str, sorted({min(n), max(n)})))}"
        for title, n in batches.items()
    ]
    return f"; ended early: {', '.join(ended)}" if ended else ""


def _beside_preset(settings, methods):
    """The preset that is nearest, and all settings that differ from it, as code."""
    differing = {}
    for preset in PRESETS:
        data = settings.data
        values = Settings.preset(preset, source=data.source, target=data.target)
        values = values.by_name()
        differing[preset] = {
            name: value
            for name, value in settings.by_name().items()
            if value != values[name]
            and name not in _ELSEWHERE
            and ("." not in name or name.partition(".")[0] in methods)
        }
    nearest = min(PRESETS, key=lambda preset: len(differing[preset]))
    shown = [f"`{name} {_text(v)}`" for name, v in differing[nearest].items()]
    return f"preset {nearest}" + ", but " * bool(shown) + ", ".join(shown)


def _text(value):
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return os.path.basename(value) if isinstance(value, str) else str(value)
