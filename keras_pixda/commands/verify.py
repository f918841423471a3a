"""`keras-pixda verify`: whether files are still what was written."""

from typing import Any

from keras_pixda.commands.options import PLACE


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser(
        "verify", help="whether the files of a run are what it wrote"
    )
    parser.add_argument(
        "path",
        metavar="PATH",
        **PLACE,
        help="folder of a run or comparison, .json file beside an export, or folder of "
        "a cache of pairs",
    )
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.runs.verify import verify

    files, findings = verify(options.path)
    for finding in findings:
        print(finding)
    print(f"{files} files, {len(findings)} not as they were written.")
    return bool(findings)
