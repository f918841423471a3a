"""`keras-pixda check`: walk a data set and list its faults and classes."""

import collections
from typing import Any

from keras_pixda.commands.options import data_help


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser(
        "check", help="walk a data set, list its faults and its classes"
    )
    parser.add_argument("data", metavar="DATA", help=data_help())
    parser.add_argument("--split", help="train, val ... (default: the one to train on)")
    parser.add_argument(
        "--unlabelled",
        action="store_true",
        help="check the pictures alone, as --unlabelled of train reads them",
    )
    parser.add_argument(
        "--preview",
        metavar="FOLDER",
        help="write two images beside their masks in colours to it",
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="look at the heads of the files alone: formats, sizes, missing partners; "
        "no ids and no classes",
    )
    parser.set_defaults(run=_run)


def _run(options):
    if options.fast and options.preview:
        raise ValueError(
            "--preview FOLDER draws masks, which --fast does not read: leave out one."
        )
    from keras_pixda.datasets import DataCheck, DataError, load
    from keras_pixda.datasets.header_check import HeaderCheck
    from keras_pixda.progress import Progress
    from keras_pixda.runs.preview import preview, preview_paths

    try:
        record = load(options.data, options.split, unlabelled=options.unlabelled)
    except DataError as error:
        return _print_findings(error.findings, options.data)
    if options.preview:
        record.require_masks()
        preview_paths(options.preview)
    kind = HeaderCheck if options.fast else DataCheck
    checked = kind(record, Progress("check", len(record)))
    print(f"\n{checked.table()}\n")
    if options.preview:
        for path in preview(checked, options.preview):
            print(f"Preview: {path}")
    if record.labelled:
        counts = collections.Counter(record.cities).values()
        shown = f"{len(counts)}, of {min(counts)} to {max(counts)} pairs"
        print(f"Cities for K shots: {shown}")
    status = _print_findings(
        checked.findings, f"{len(record)} {'pairs' if record.labelled else 'pictures'}"
    )
    for note in checked.notes:
        print(f"Note: {note}")
    return status


def _print_findings(findings, what):
    for finding in findings:
        print(finding)
    print(f"{what}: {len(findings) or 'no'} problem{'s' * (len(findings) != 1)}")
    return 1 if findings else 0
