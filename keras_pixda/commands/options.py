"""What several commands share."""

import inspect
import os

DATA_HELP = (
    "gta5:ROOT, synthia:ROOT, cityscapes:ROOT, camvid:ROOT, idda:ROOT or "
    "folder:IMAGES,MASKS,CLASSES.txt; gta5-train-ids:ROOT and the like where masks "
    "hold train ids"
)

# Keywords of an option that is a size in pixels.
SIZE = {"type": int, "nargs": 2, "metavar": ("HEIGHT", "WIDTH")}

# Keywords of a file or folder: shells do not see the ~ in --output=~/run.
PLACE = {"type": os.path.expanduser}


def arguments_of(function, options):
    """The options that have the name of one of its arguments."""
    names = inspect.signature(function).parameters
    return {name: value for name, value in vars(options).items() if name in names}
