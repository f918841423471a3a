"""`keras-pixda train`: source only, adaptation, distillation."""

from keras_pixda.commands.settings_options import add_settings, settings_from


def add_parser(commands):
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("train", help="source only, adaptation, distillation")
    parser.add_argument(
        "--method",
        default="pixda",
        metavar="NAME",
        help="pixda, pixda+ or another variant of PixDA (default: %(default)s)",
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write curves and pictures for it"
    )
    add_settings(parser)
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.comparison.rows import ROWS

    settings = settings_from(options)
    variants = [name for name, row in ROWS.items() if row.method == "pixda"]
    if options.method not in variants:
        raise ValueError(
            f"--method is {options.method!r}, expected one of {variants}; the other "
            "methods run in `keras-pixda compare`."
        )
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.half_precision import tell_slow_half_precision
    from keras_pixda.runs import train

    tell_slow_half_precision(settings.network.dtype)
    train(
        ROWS[options.method].apply(settings),
        options.output,
        options.resume,
        options.overwrite,
        tensorboard=options.tensorboard,
    )
