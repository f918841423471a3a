"""`keras-pixda train`: one method, from two data sets to an adapted segmenter."""

import pathlib
from typing import Any

from keras_pixda.commands.settings_options import (
    add_settings,
    refuse_mistyped,
    settings_from,
)
from keras_pixda.preemption import Preemption


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    from keras_pixda.comparison.rows import METHODS, ROWS

    parser = commands.add_parser("train", help="one method, from source only on")
    variants = [name for name in ROWS if name not in METHODS]
    parser.add_argument(
        "--method",
        metavar="NAME",
        help=f"{', '.join(METHODS)}; or a variant: {', '.join(variants)} (default: "
        "pixda, or that of the config)",
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write curves and pictures for it"
    )
    add_settings(parser)
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.comparison.rows import ROWS

    settings = settings_from(options)
    refuse_mistyped(settings, options.resume)
    name = options.method or settings.method
    if name not in ROWS:
        raise ValueError(f"--method is {name!r}, expected one of {[*ROWS]}.")
    for key, value in ROWS[name].changes.items():
        for given in (key, key.rpartition(".")[2]):
            typed = getattr(options, given, None)
            if typed is not None and typed != value:
                raise ValueError(
                    f"--method {name} has {key} {value}, received {typed}: leave out "
                    "one of the two."
                )
    settings = ROWS[name].apply(settings)
    preemption = Preemption(options.stop_signal, options.stop_after)
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.half_precision import tell_slow_half_precision
    from keras_pixda.runs import train

    tell_slow_half_precision(settings.network.dtype)
    with preemption:
        train(
            settings,
            options.output,
            options.resume,
            options.overwrite,
            tensorboard=options.tensorboard,
            repeats=options.config and pathlib.Path(options.config).parent,
        )
