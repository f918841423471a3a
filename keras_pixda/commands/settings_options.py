"""A run's settings as options of a command, and back."""

import argparse
import dataclasses
import inspect
import os
import pathlib
import re

from keras_pixda.commands.options import PLACE, SIZE, data_help

# A setting and what its docstring says of it.
SETTING = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)$", re.MULTILINE)


def add_settings(parser, without=()):
    """Options of a run's folder, and one for every setting, named like it."""
    from keras_pixda.runs import Settings

    parser.add_argument("--output", required=True, **PLACE, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with its run")
    parser.add_argument("--overwrite", action="store_true", help="replace its run")
    parser.add_argument(
        "--config",
        **PLACE,
        help="config.json of a run to repeat, or settings as .yaml",
    )
    parser.add_argument(
        "--preset",
        default="small",
        help="small, or published: DeepLabV2 and its schedule (default: %(default)s)",
    )
    texts = dict(SETTING.findall(inspect.getdoc(Settings)))
    group = parser.add_argument_group(
        "settings",
        f"DATA is {data_help()}. What has no default here comes from the preset.",
    )
    for field in dataclasses.fields(Settings):
        if field.name in without:
            continue
        flag = f"--{field.name.replace('_', '-')}"
        text = " ".join(texts[field.name].split()).replace("`", "")
        options = {"dest": field.name, "metavar": "X", "help": text}
        if field.type is tuple:
            options |= SIZE
        elif field.type is bool:
            del options["metavar"]
            options |= {"action": argparse.BooleanOptionalAction}
        elif field.type in (int, float):
            options |= {"type": field.type}
        if field.name in ("source", "target", "validation"):
            options |= {"metavar": "DATA"}
        group.add_argument(flag, **options)


def settings_from(options):
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
            given[name] = _resolved(given[name])
    config = options.config
    if config is None and options.resume:
        config = pathlib.Path(options.output, "config.json")
        if not config.exists():
            raise FileNotFoundError(f"{options.output} holds no run to resume.")
    if config is not None:
        return dataclasses.replace(Settings.from_file(config), **given)
    missing = [f"--{n}" for n in ("source", "target") if n not in given]
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing, expected {data_help()}.")
    return Settings.preset(options.preset, **given)


def _absolute(data):
    """The same data set from every working directory."""
    name, colon, places = data.partition(":")  # The first: there are drives, too.
    if not colon:
        return data
    return f"{name}:{','.join(map(_resolved, places.split(',')))}"


def _resolved(place):
    """A whole path, without the `~` that shells leave alone behind a colon or comma."""
    if os.name != "nt" and pathlib.PureWindowsPath(place).is_absolute():
        return place  # Of another system.
    return str(pathlib.Path(os.path.expanduser(place)).resolve())
