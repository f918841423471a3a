"""`keras-pixda evaluate`: per-class IoU of a finished run."""

from keras_pixda.commands.options import DATA_HELP, PLACE


def add_parser(commands):
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("evaluate", help="per-class IoU of a finished run")
    parser.add_argument("folder", metavar="RUN", **PLACE, help="folder of the run")
    parser.add_argument("--data", required=True, help=DATA_HELP)
    parser.add_argument("--split", help="train, val ... (default: val, if it has it)")
    parser.add_argument(
        "--model", default="segmenter.keras", help="file (default: %(default)s)"
    )
    parser.set_defaults(run=_run)


def _run(options):
    import sys

    from keras_pixda.datasets import load
    from keras_pixda.runs import evaluate, present_table

    split = options.split
    if split is None and options.data.split(":")[0] in ("cityscapes", "camvid"):
        split = "val"
    iou = evaluate(options.folder, load(options.data, split), options.model)
    table = present_table(iou, title=options.model, styled=sys.stdout.isatty())
    print(f"\n{table}")
