"""`keras-pixda demo`: the whole method on drawn scenes."""

from typing import Any

from keras_pixda.commands.options import PLACE


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser(
        "demo", help="the whole method on drawn scenes, minutes"
    )
    parser.add_argument(
        "--output", default="demo", **PLACE, help="folder (default: %(default)s)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an earlier run"
    )
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.runs import demo

    demo(options.output, overwrite=options.overwrite)
