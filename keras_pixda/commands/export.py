"""`keras-pixda export`: write files for serving."""

from typing import Any

from keras_pixda.commands.options import PLACE, SIZE, arguments_of


def add_parser(commands: Any) -> None:
    """Add the command's parser to the subparsers `commands`."""
    parser = commands.add_parser("export", help="write files for serving")
    parser.add_argument("folder", metavar="RUN", **PLACE, help="folder of the run")
    parser.add_argument(
        "--output", required=True, **PLACE, help="file or folder to write"
    )
    parser.add_argument(
        "--format", required=True, choices=("savedmodel", "keras", "onnx", "litert")
    )
    parser.add_argument(
        "--outputs",
        choices=("logits", "classes"),
        default="logits",
        help="(default: %(default)s)",
    )
    parser.add_argument(
        "--image-size", **SIZE, help="fix the file to one size (default: any)"
    )
    parser.add_argument(
        "--model", default="segmenter.keras", help="file (default: %(default)s)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an earlier export"
    )
    parser.set_defaults(run=_run)


def _run(options):
    from keras_pixda.runs import export

    difference = export(**arguments_of(export, options))
    print(f"{options.output}: differs from Keras by at most {difference:.1e}")
