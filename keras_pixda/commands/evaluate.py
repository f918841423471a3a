"""`keras-pixda evaluate`: per-class IoU of a finished run."""

import sys
from typing import Any

from keras_pixda.commands.options import PLACE, add_views, data_help


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("evaluate", help="per-class IoU of a finished run")
    parser.add_argument("folder", metavar="RUN", **PLACE, help="folder of the run")
    parser.add_argument("--data", required=True, help=data_help())
    parser.add_argument(
        "--split", help="train, val ... (default: the one to evaluate on)"
    )
    parser.add_argument(
        "--model", default="segmenter.keras", help="file (default: %(default)s)"
    )
    add_views(parser)
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.datasets import find_dataset, load
    from keras_pixda.runs import evaluate

    record = load(options.data, options.split, evaluation=True)
    iou = evaluate(options.folder, record, options.model)
    from keras_pixda.runs import present_table  # Not before mistakes are told.

    styled = sys.stdout.isatty()
    print(f"\n{present_table(iou, title=options.model, styled=styled)}")
    views = _views(options)
    if views:
        options_of_views = {"flip": options.flip, "scales": options.scales}
        other = evaluate(options.folder, record, options.model, **options_of_views)
        title = f"with {views}"
        print(f"\n{present_table(other, iou, title=title, styled=styled)}")
    # Which pairs the figures are of, and that they may be those of the training.
    whole = (
        options.split is None and find_dataset(options.data).evaluation_split is None
    )
    note = ", all there are: it has no split to evaluate on" if whole else ""
    print(f"\nMeasured on {record.name}, {len(record)} pairs{note}.")


def _views(options):
    """What is averaged over beside the images themselves, in words."""
    scales = f"scales {' '.join(f'{scale:g}' for scale in options.scales)}"
    words = ["flips"] * options.flip + [scales] * (options.scales != [1.0])
    return " and ".join(words)
