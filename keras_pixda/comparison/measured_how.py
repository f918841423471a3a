"""What a reader of a comparison must know to judge its figures."""

import os
import platform
from collections.abc import Iterable

import keras
import tensorflow as tf

from keras_pixda.models.find_segmenter import find_segmenter
from keras_pixda.runs.run_records import RunRecords
from keras_pixda.runs.settings import Settings


def measured_how(
    settings: Settings, records: RunRecords, well: Iterable[str]
) -> dict[str, str]:
    """The facts below a comparison, by heading.

    Args:
        settings: The `Settings` of its runs.
        records: Their `RunRecords`.
        well: Names of the well-represented classes.

    Returns:
        Dict from text to text.
    """
    data, network, training = settings.data, settings.network, settings.training
    height, width = data.image_size
    name = os.path.basename(network.segmenter)  # Of a file, without its folder.
    named = find_segmenter(network.segmenter)
    if network.weights is None and named.is_pretrained(network.pretrained):
        name = f"{name}, pretrained"
    return {
        "Source": f"{records.source.name}, {len(records.source)} images",
        "Target": f"{records.target.name}, {len(records.target)} images to draw from",
        "Measured on": f"{len(records.validation)} images at label size",
        "Well represented": ", ".join(well),
        "Network": f"{name}, images of {width} x {height} pixels",
        "Start": f"weights of {os.path.basename(network.weights)}, for all seeds"
        if network.weights
        else f"{training.source_steps} source-only steps for each seed",
        "Budget": f"{training.target_steps} batches of {data.batch_size} target "
        "images for every method",
        "Machine": f"{os.cpu_count()} cores, {platform.machine()}, "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}",
    }
