"""`keras-pixda compare`: all methods, one table."""

from typing import Any

from keras_pixda.commands.settings_options import (
    add_settings,
    refuse_mistyped,
    settings_from,
)


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    from keras_pixda.comparison.comparison_plan import ComparisonPlan
    from keras_pixda.comparison.rows import ABLATIONS, BEYOND, METHODS, OPTIONS

    default, resumed = ComparisonPlan(), "or what the resumed comparison has"
    parser = commands.add_parser("compare", help="all methods, one table")
    parser.add_argument(
        "--methods",
        nargs="+",
        metavar="NAME",
        help=f"{', '.join([*METHODS, *BEYOND])} (default: those of these "
        f"that the data suffice for, {resumed}); "
        f"and what --ablate adds: {', '.join(ABLATIONS)}; or --options: "
        f"{', '.join(OPTIONS)}",
    )
    parser.add_argument(
        "--shots",
        type=int,
        nargs="+",
        dest="all_shots",
        metavar="K",
        help="numbers of labelled target images from each city, 0 for methods that "
        "need none (default: "
        f"{' '.join(map(str, default.shots))}, {resumed})",
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
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="runs of each cell, with seeds from --seed on (default: "
        f"{default.seeds}, {resumed})",
    )
    add_settings(parser, without=("shots", "shots_file"))
    parser.set_defaults(run=_run, shots=None, shots_file=None)


def _run(options):
    from keras_pixda.comparison.comparison_plan import ComparisonPlan
    from keras_pixda.comparison.rows import ABLATIONS, OPTIONS

    settings = settings_from(options)
    refuse_mistyped(settings, options.resume)
    plan = ComparisonPlan.of(
        options.output if options.resume else None,
        options.methods,
        options.all_shots,
        options.seeds,
        settings.data.has_unlabelled,
    )
    more = [*ABLATIONS] * options.ablate + [*OPTIONS] * options.options
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.comparison import compare
    from keras_pixda.half_precision import tell_slow_half_precision

    tell_slow_half_precision(settings.network.dtype)
    compare(
        settings,
        options.output,
        plan.shots,
        plan.seeds,
        [*dict.fromkeys([*plan.methods, *more])],
        options.processes,
        resume=options.resume,
        overwrite=options.overwrite,
    )
