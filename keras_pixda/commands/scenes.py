"""`keras-pixda scenes`: draw the demo's data sets."""

from typing import Any

from keras_pixda.commands.options import PLACE


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("scenes", help="draw the demo's data sets")
    parser.add_argument("folder", metavar="FOLDER", **PLACE, help="where to")
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.progress import Progress
    from keras_pixda.toy_scenes import toy_scenes

    toy_scenes(options.folder, progress=Progress("drawing", 1))
    print(f"gta5:{options.folder}/gta5 and cityscapes:{options.folder}/cityscapes")
