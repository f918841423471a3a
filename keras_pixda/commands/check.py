"""`keras-pixda check`: walk a data set and list its faults."""

from keras_pixda.commands.options import DATA_HELP


def add_parser(commands):
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("check", help="walk a data set and list its faults")
    parser.add_argument("data", metavar="DATA", help=DATA_HELP)
    parser.add_argument("--split", help="train, val ... (default: the data set's own)")
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.datasets import DataError, check, load
    from keras_pixda.progress import Progress

    try:
        record = load(options.data, options.split)
    except DataError as error:
        return _print_findings(error.findings, options.data)
    progress = Progress("check", len(record))
    return _print_findings(check(record, progress), f"{len(record)} pairs")


def _print_findings(findings, what):
    for finding in findings:
        print(finding)
    print(f"{what}: {len(findings) or 'no'} problem{'s' * (len(findings) != 1)}")
    return 1 if findings else 0
