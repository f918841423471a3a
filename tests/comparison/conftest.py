"""Lets the tests of this room, and their workers, import what they share."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent))
