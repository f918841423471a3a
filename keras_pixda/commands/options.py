"""What several commands share."""

import argparse
import inspect
import math
import os
from collections.abc import Callable
from typing import Any

from keras_pixda.datasets.find_dataset import TRAIN_IDS
from keras_pixda.datasets.registry import DATASETS

# Keywords of an option that is a size in pixels.
SIZE = {"type": int, "nargs": 2, "metavar": ("HEIGHT", "WIDTH")}

# Keywords of a file or folder: shells do not see the ~ in --output=~/run.
PLACE = {"type": os.path.expanduser}


def duration(text: str) -> float:
    """Seconds of a time such as `90s`, `55m`, `8h` or `1.5h`."""
    number, unit = text[:-1], {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    try:
        seconds = float(number) * unit
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time, expected one such as 90s, 55m or 8h"
        )
    return seconds


def data_help() -> str:
    """How the data sets are spelled, in words."""
    *spellings, last = [named.spelling(name) for name, named in DATASETS.items()]
    name, named = next((name, d) for name, d in DATASETS.items() if d.train_ids)
    return (
        f"{', '.join(spellings)} or {last}; {named.spelling(name + TRAIN_IDS)} and the "
        "like where masks hold train ids; ?cities=N at the end cuts the training pairs "
        "into N cities, ?part=tuning and ?part=rest take a quarter and the others"
    )


def add_views(parser: argparse.ArgumentParser) -> None:
    """Add the options of other views of a picture, whose answers are averaged."""
    parser.add_argument(
        "--flip", action="store_true", help="average with the mirrored picture"
    )
    parser.add_argument(
        "--scales",
        type=_factor,
        nargs="+",
        metavar="FACTOR",
        default=[1.0],
        help="average over these sizes, such as 0.75 1 1.25 (default: 1)",
    )


def _factor(text):
    factor = float(text)
    if not 0 < factor < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return factor


def arguments_of(function: Callable, options: argparse.Namespace) -> dict[str, Any]:
    """The options that have the name of one of its arguments."""
    names = inspect.signature(function).parameters
    return {name: value for name, value in vars(options).items() if name in names}
