"""The command `keras-pixda`: arguments become the same public calls."""

import argparse
import dataclasses
import inspect
import pathlib
import re
import sys

DATA_HELP = (
    "gta5:ROOT, synthia:ROOT, cityscapes:ROOT, camvid:ROOT, idda:ROOT or "
    "folder:IMAGES,MASKS,CLASSES.txt"
)

# A setting and what its docstring says of it.
SETTING = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)$", re.MULTILINE)


def main(arguments=None):
    """Run the command line.

    Example:

    ```python
    from keras_pixda.cli import main

    main(["check", "gta5:nowhere"])  # 2, after "error: ..."
    ```

    Args:
        arguments: List of words. Defaults to `None`, those of the process.

    Returns:
        The exit status: 0, 1 if `check` found something, 2 after an error.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (ImportError, OSError, ValueError) as error:
        if options.debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="keras-pixda",
        description="Adapt a segmenter from rendered to real images with few labels.",
    )
    parser.add_argument(
        "--debug", action="store_true", help="show where an error comes from"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="the whole method on drawn scenes, minutes")
    demo.add_argument("--output", default="demo", help="folder (default: %(default)s)")
    demo.add_argument("--overwrite", action="store_true", help="replace an earlier run")
    demo.set_defaults(run=_demo)

    scenes = commands.add_parser("scenes", help="draw the demo's data sets")
    scenes.add_argument("folder", metavar="FOLDER", help="where to")
    scenes.set_defaults(run=_scenes)

    check = commands.add_parser("check", help="walk a data set and list its faults")
    check.add_argument("data", metavar="DATA", help=DATA_HELP)
    check.add_argument("--split", help="train, val ... (default: the data set's own)")
    check.set_defaults(run=_check)

    train = commands.add_parser("train", help="source only, adaptation, distillation")
    train.add_argument(
        "--method",
        default="pixda",
        metavar="NAME",
        help="pixda, pixda+ or another variant of PixDA (default: %(default)s)",
    )
    _add_settings(train)
    train.set_defaults(run=_train)

    compare = commands.add_parser("compare", help="all methods, one table")
    compare.add_argument(
        "--methods", nargs="+", metavar="NAME", help="some of them (default: all)"
    )
    compare.add_argument(
        "--shots", type=int, nargs="+", default=[1, 3, 5], dest="all_shots", metavar="K"
    )
    compare.add_argument(
        "--ablate", action="store_true", help="add PixDA without each of its parts"
    )
    compare.add_argument(
        "--options",
        action="store_true",
        help="add PixDA with each option beyond the paper",
    )
    compare.add_argument(
        "--processes",
        type=int,
        default=1,
        help="runs at a time, which share the cores (default: %(default)s)",
    )
    compare.add_argument("--seeds", type=int, default=3, help="(default: %(default)s)")
    _add_settings(compare, without=("shots", "shots_file"))
    compare.set_defaults(run=_compare, shots=None, shots_file=None)

    evaluate = commands.add_parser("evaluate", help="per-class IoU of a finished run")
    evaluate.add_argument("folder", metavar="RUN", help="folder of the run")
    evaluate.add_argument("--data", required=True, help=DATA_HELP)
    evaluate.add_argument("--split", help="train, val ... (default: val, if it has it)")
    evaluate.add_argument(
        "--model", default="segmenter.keras", help="file (default: %(default)s)"
    )
    evaluate.set_defaults(run=_evaluate)

    size = {"type": int, "nargs": 2, "metavar": ("HEIGHT", "WIDTH")}
    predict = commands.add_parser("predict", help="segment pictures")
    predict.add_argument("folder", metavar="RUN", help="folder of the run")
    predict.add_argument(
        "images", metavar="IMAGES", help="a picture, a folder or an animation"
    )
    predict.add_argument(
        "--output", default="predictions", help="(default: %(default)s)"
    )
    predict.add_argument(
        "--model", default="segmenter.keras", help="file (default: %(default)s)"
    )
    predict.add_argument(
        "--image-size",
        **size,
        help="to segment at (default: the run's, with --window the picture's)",
    )
    predict.add_argument("--window", **size, help="slide a window over large pictures")
    predict.add_argument(
        "--overlap",
        type=float,
        default=0.25,
        help="share of a window that the next one sees too (default: %(default)s)",
    )
    predict.add_argument(
        "--flip", action="store_true", help="average with the mirrored picture"
    )
    predict.add_argument(
        "--batch-size", type=int, default=4, help="windows at a time (default: 4)"
    )
    predict.add_argument(
        "--overwrite", action="store_true", help="replace earlier results"
    )
    predict.set_defaults(run=_predict)

    export = commands.add_parser("export", help="write files for serving")
    export.add_argument("folder", metavar="RUN", help="folder of the run")
    export.add_argument("--output", required=True, help="file or folder to write")
    export.add_argument(
        "--format", required=True, choices=("savedmodel", "onnx", "litert")
    )
    export.add_argument(
        "--outputs",
        choices=("logits", "classes"),
        default="logits",
        help="(default: %(default)s)",
    )
    export.add_argument(
        "--image-size", **size, help="fix the file to one size (default: any)"
    )
    export.add_argument(
        "--model", default="segmenter.keras", help="file (default: %(default)s)"
    )
    export.add_argument(
        "--overwrite", action="store_true", help="replace an earlier export"
    )
    export.set_defaults(run=_export)
    return parser


def _add_settings(parser, without=()):
    """Options of a run's folder, and one for every setting, named like it."""
    from keras_pixda.runs import Settings

    parser.add_argument("--output", required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with its run")
    parser.add_argument("--overwrite", action="store_true", help="replace its run")
    parser.add_argument("--config", help="config.json of a run to repeat")
    parser.add_argument(
        "--preset",
        default="small",
        help="small, or published: DeepLabV2 and its schedule (default: %(default)s)",
    )
    texts = dict(SETTING.findall(inspect.getdoc(Settings)))
    group = parser.add_argument_group(
        "settings",
        f"DATA is {DATA_HELP}. What has no default here comes from the preset.",
    )
    for field in dataclasses.fields(Settings):
        if field.name in without:
            continue
        flag = f"--{field.name.replace('_', '-')}"
        text = " ".join(texts[field.name].split()).replace("`", "")
        options = {"dest": field.name, "metavar": "X", "help": text}
        if field.type is tuple:
            options |= {"type": int, "nargs": 2, "metavar": ("HEIGHT", "WIDTH")}
        elif field.type is bool:
            del options["metavar"]
            options |= {"action": argparse.BooleanOptionalAction}
        elif field.type in (int, float):
            options |= {"type": field.type}
        if field.name in ("source", "target", "validation"):
            options |= {"metavar": "DATA"}
        group.add_argument(flag, **options)


def _demo(options):
    from keras_pixda.runs import demo

    demo(options.output, overwrite=options.overwrite)


def _scenes(options):
    from keras_pixda.datasets import toy_scenes
    from keras_pixda.progress import Progress

    toy_scenes(options.folder, progress=Progress("drawing", 1))
    print(f"gta5:{options.folder}/gta5 and cityscapes:{options.folder}/cityscapes")


def _check(options):
    from keras_pixda.datasets import DataError, check, load
    from keras_pixda.progress import Progress

    try:
        record = load(options.data, options.split)
    except DataError as error:
        return _print_findings(error.findings, options.data)
    progress = Progress("check", len(record))
    return _print_findings(check(record, progress), f"{len(record)} pairs")


def _print_findings(findings, what):
    for finding in findings:
        print(finding)
    print(f"{what}: {len(findings) or 'no'} problem{'s' * (len(findings) != 1)}")
    return 1 if findings else 0


def _train(options):
    from keras_pixda.runs import train
    from keras_pixda.runs.rows import ROWS

    variants = [name for name, row in ROWS.items() if row.method == "pixda"]
    if options.method not in variants:
        raise ValueError(
            f"--method is {options.method!r}, expected one of {variants}; the other "
            "methods run in `keras-pixda compare`."
        )
    train(
        ROWS[options.method].apply(_settings(options)),
        options.output,
        options.resume,
        options.overwrite,
    )


def _compare(options):
    from keras_pixda.runs import compare
    from keras_pixda.runs.rows import ABLATIONS, BEYOND, METHODS, OPTIONS

    names = options.methods or [*METHODS, *BEYOND]
    names += [*ABLATIONS] * options.ablate + [*OPTIONS] * options.options
    compare(
        _settings(options),
        options.output,
        options.all_shots,
        options.seeds,
        names,
        options.processes,
        resume=options.resume,
        overwrite=options.overwrite,
    )


def _settings(options):
    """Settings from a run's config or a preset, changed by what was given."""
    from keras_pixda.runs import Settings

    given = {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(Settings)
        if getattr(options, field.name) is not None
    }
    for name in ("source", "target", "validation"):
        if name in given:
            given[name] = _absolute(given[name])
    for name in ("weights", "shots_file"):
        if name in given:
            given[name] = str(pathlib.Path(given[name]).resolve())
    config = options.config
    if config is None and options.resume:
        config = pathlib.Path(options.output, "config.json")
        if not config.exists():
            raise FileNotFoundError(f"{options.output} holds no run to resume.")
    if config is not None:
        return dataclasses.replace(Settings.from_file(config), **given)
    missing = [f"--{n}" for n in ("source", "target") if n not in given]
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing, expected {DATA_HELP}.")
    return Settings.preset(options.preset, **given)


def _evaluate(options):
    from keras_pixda.datasets import load
    from keras_pixda.runs import evaluate, present_table

    split = options.split
    if split is None and options.data.split(":")[0] in ("cityscapes", "camvid"):
        split = "val"
    iou = evaluate(options.folder, load(options.data, split), options.model)
    print(f"\n{present_table(iou, title=options.model)}")


def _predict(options):
    from keras_pixda.runs import predict

    written = predict(**_arguments_of(predict, options))
    print(f"{len(written)} pictures segmented in {options.output}")


def _export(options):
    from keras_pixda.runs import export

    difference = export(**_arguments_of(export, options))
    print(f"{options.output}: differs from Keras by at most {difference:.1e}")


def _arguments_of(function, options):
    """The options that have the name of one of its arguments."""
    names = inspect.signature(function).parameters
    return {name: value for name, value in vars(options).items() if name in names}


def _absolute(data):
    """The same data set from every working directory."""
    name, colon, places = data.partition(":")
    if not colon:
        return data
    resolved = [str(pathlib.Path(place).resolve()) for place in places.split(",")]
    return f"{name}:{','.join(resolved)}"


if __name__ == "__main__":
    sys.exit(main())
