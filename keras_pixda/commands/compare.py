"""`keras-pixda compare`: all methods, one table."""

from typing import Any

from keras_pixda.commands.settings_options import add_settings, settings_from


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("compare", help="all methods, one table")
    parser.add_argument(
        "--methods", nargs="+", metavar="NAME", help="some of them (default: all)"
    )
    parser.add_argument(
        "--shots", type=int, nargs="+", default=[1, 3, 5], dest="all_shots", metavar="K"
    )
    parser.add_argument(
        "--ablate", action="store_true", help="add PixDA without each of its parts"
    )
    parser.add_argument(
        "--options",
        action="store_true",
        help="add PixDA with each option beyond the paper",
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        help="runs at a time, which share the cores (default: %(default)s)",
    )
    parser.add_argument("--seeds", type=int, default=3, help="(default: %(default)s)")
    add_settings(parser, without=("shots", "shots_file"))
    parser.set_defaults(run=_run, shots=None, shots_file=None)


def _run(options):
    from keras_pixda.comparison.rows import ABLATIONS, BEYOND, METHODS, OPTIONS, ROWS

    settings = settings_from(options)
    names = options.methods or [*METHODS, *BEYOND]
    names += [*ABLATIONS] * options.ablate + [*OPTIONS] * options.options
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise ValueError(f"Unknown methods {unknown}, expected some of {[*ROWS]}.")
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.comparison import compare
    from keras_pixda.half_precision import tell_slow_half_precision

    tell_slow_half_precision(settings.network.dtype)
    compare(
        settings,
        options.output,
        options.all_shots,
        options.seeds,
        names,
        options.processes,
        resume=options.resume,
        overwrite=options.overwrite,
    )
