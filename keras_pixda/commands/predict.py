"""`keras-pixda predict`: segment pictures."""

import argparse
from typing import Any

from keras_pixda.commands.options import PLACE, SIZE, add_views, arguments_of


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("predict", help="segment pictures")
    parser.add_argument("folder", metavar="RUN", **PLACE, help="folder of the run")
    parser.add_argument(
        "images", metavar="IMAGES", help="a picture, a folder or an animation"
    )
    parser.add_argument(
        "--output", default="predictions", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--model", default="segmenter.keras", help="file (default: %(default)s)"
    )
    parser.add_argument(
        "--image-size",
        **SIZE,
        help="to segment at (default: the run's, with --window the picture's)",
    )
    parser.add_argument("--window", **SIZE, help="slide a window over large pictures")
    parser.add_argument(
        "--overlap",
        type=float,
        default=0.25,
        help="share of a window that the next one sees too (default: %(default)s)",
    )
    add_views(parser)
    parser.add_argument(
        "--batch-size", type=int, default=4, help="windows at a time (default: 4)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace earlier results"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out pictures whose results are there, of the same file and options",
    )
    parser.add_argument(
        "--shard",
        type=_shard,
        metavar="N/COUNT",
        help="a share of the pictures of a folder, such as 2/8, for one of several "
        "hosts or tasks of a queue",
    )
    parser.add_argument(
        "--devices",
        default="1",
        metavar="N",
        help="how many share the pictures, or all: the GPUs, or where there are none "
        "parts of the processor (default: %(default)s)",
    )
    parser.add_argument(
        "--on-bad-file",
        choices=("stop", "skip"),
        default="stop",
        help="skip leaves out pictures that cannot be read (default: %(default)s)",
    )
    parser.set_defaults(run=_run)


def _shard(text):
    number, slash, count = text.partition("/")
    digits = number.isdecimal() and count.isdecimal()
    if not digits or not 1 <= int(number) <= int(count):
        raise argparse.ArgumentTypeError(f"{text!r} is no share, expected such as 2/8")
    return int(number), int(count)


def _run(options):
    from keras_pixda.runs import predict

    written = predict(**arguments_of(predict, options))
    print(f"{len(written)} pictures segmented in {options.output}")
