"""The command `keras-pixda`: arguments become the same public calls."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from keras_pixda import __version__
from keras_pixda.commands import COMMANDS
from keras_pixda.commands.environment import prepare_environment
from keras_pixda.commands.stderr_filter import filtered_stderr
from keras_pixda.preemption import Preempted


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Example:

    ```python
    from keras_pixda.cli import main

    assert main(["check", "gta5:nowhere"]) == 2  # After "error: ..."
    ```

    Args:
        arguments: List of words. Defaults to `None`, those of the process.

    Returns:
        The exit status: 0, 1 if `check` found something, 2 after an error, 75 if a
        training was asked to stop and `--resume` goes on with it.
    """
    options = _parser().parse_args(arguments)
    try:
        with _quietly(options.debug):
            return options.run(options) or 0
    except (ImportError, OSError, ValueError) as error:
        if options.debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Preempted as stopped:
        print(f"\n{stopped}; --resume goes on from here", file=sys.stderr)
        return stopped.code
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


def _quietly(debug):
    """TensorFlow without its log, unless the user has asked for it."""
    loaded = "tensorflow" in sys.modules
    asked = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2") in ("0", "1")
    if debug or loaded or asked:
        prepare_environment(log=True)
        return contextlib.nullcontext()
    prepare_environment()
    return filtered_stderr()


def _parser():
    parser = argparse.ArgumentParser(
        prog="keras-pixda",
        description="Adapt a segmenter from rendered to real images with few labels.",
    )
    parser.add_argument(
        "--debug",
        action="store_true",
        help="show where an error comes from, and the log of TensorFlow",
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
