"""A run's settings as options of a command, and back."""

import argparse
import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

from keras_pixda.commands.options import PLACE, SIZE, data_help, duration
from keras_pixda.commands.setting_help import setting_help
from keras_pixda.datasets.data_spelling import DataSpelling

# Settings that name a data set.
DATA = ("source", "target", "validation", "unlabelled", "guard")
TITLES = {"data": "data", "network": "network", "training": "training, of all methods"}


def add_settings(parser: argparse.ArgumentParser, without: Sequence[str] = ()) -> None:
    """Options of a run's folder, and one for every setting, named like it.

    A method's own setting is `--fda.entropy-weight`, and `--entropy-weight` too if no
    other method has it; otherwise the plain name sets it in all of them.
    """
    from keras_pixda.methods import METHODS
    from keras_pixda.runs.route_settings import COMMON, branches, places_of

    # All options in one line are wider than a terminal.
    parser.usage = "%(prog)s --source DATA --target DATA --output OUTPUT [OPTIONS]"
    parser.add_argument("--output", required=True, **PLACE, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with its run")
    parser.add_argument("--overwrite", action="store_true", help="replace its run")
    parser.add_argument(
        "--stop-after",
        type=duration,
        metavar="TIME",
        help="save the state and stop after 55m, 8h or 90s, with exit status 75, as "
        "SIGTERM does at any time; --resume goes on",
    )
    parser.add_argument(
        "--stop-signal",
        action="append",
        default=[],
        metavar="NAME",
        help="a signal beside SIGTERM that does so, such as SIGUSR1",
    )
    parser.add_argument(
        "--config",
        **PLACE,
        help="config.json of a run to repeat, or settings as .yaml",
    )
    parser.add_argument(
        "--preset",
        help="small, or published: DeepLabV2 and its schedule (default: small)",
    )
    shared = {}
    for branch, kind in branches().items():
        if branch in COMMON:
            text = f"DATA is {data_help()}." if branch == "data" else None
            group = parser.add_argument_group(TITLES[branch], text)
        else:
            group = parser.add_argument_group(METHODS[branch].title)
        for field in dataclasses.fields(kind):
            places = places_of(field.name)
            if branch in COMMON:
                names = [field.name]
            elif places == [branch]:
                names = [f"{branch}.{field.name}", field.name]
            else:
                names = [f"{branch}.{field.name}"]
                if branch in places:
                    shared.setdefault(field.name, (places, kind, field))
            if field.name not in without:
                _add(group, names, field, setting_help(kind, field.name))
    group = parser.add_argument_group("of several methods")
    for name, (places, _, field) in shared.items():
        flags = ", ".join(_flag(f"{place}.{name}") for place in places)
        _add(group, [name], field, f"All at once: {flags}")


def settings_from(options: argparse.Namespace) -> Any:
    """Settings from a run's config or a preset, changed by what was given."""
    from keras_pixda.runs import Settings
    from keras_pixda.runs.route_settings import branches, places_of

    known = {
        f"{branch}.{field.name}"
        for branch, kind in branches().items()
        for field in dataclasses.fields(kind)
    }
    given = {
        name: value
        for name, value in vars(options).items()
        if value is not None and (name in known or places_of(name))
    }
    for name in DATA:
        if name in given:
            given[name] = _absolute(given[name])
    for name in ("weights", "shots_file"):
        if name in given:
            given[name] = _resolved(given[name])
    if given.get("segmenter", "").endswith(".keras"):
        given["segmenter"] = _resolved(given["segmenter"])
    config = options.config
    if config is None and options.resume:
        config = pathlib.Path(options.output, "config.json")
        if not config.exists():
            raise FileNotFoundError(f"{options.output} holds no run to resume.")
    if config is not None:
        if options.preset is not None:
            raise ValueError(
                f"--preset {options.preset}: {config} decides, leave --preset out."
            )
        return Settings.from_file(config).change(**given)
    missing = [f"--{n}" for n in ("source", "target") if n not in given]
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing, expected {data_help()}.")
    return Settings.preset(options.preset or "small", **given)


def refuse_mistyped(settings: Any, resume: bool) -> None:
    """Raise at once, before TensorFlow is there, for what is only mistyped."""
    from keras_pixda.datasets.find_dataset import find_dataset
    from keras_pixda.runs.data_settings import SOURCE

    for name in DATA:
        data = getattr(settings.data, name)
        if data is None or (name, data) == ("guard", SOURCE):
            continue
        if find_dataset(data).labelled or name == "unlabelled":
            continue
        if name != "target" or settings.data.has_shots:
            remedy = "give it as --unlabelled"
            if name == "target":
                remedy += ", or take no shots of it (--shots 0)"
            raise ValueError(
                f"--{name} {data} holds pictures without masks, expected images with "
                f"masks: {remedy}."
            )
    weights = settings.network.weights
    if weights is not None and not resume and not pathlib.Path(weights).exists():
        raise FileNotFoundError(f"{weights}: no such file of weights.")


def _add(group, names, field, text):
    """An option for a setting; its value is named like the first of the names."""
    from keras_pixda.checked_settings import kind_of

    kind, _ = kind_of(field.type)
    keywords = {"dest": names[0], "metavar": "X", "help": text}
    if kind is tuple:
        keywords |= SIZE
    elif kind is bool:
        del keywords["metavar"]
        keywords |= {"action": argparse.BooleanOptionalAction}
    elif kind in (int, float):
        keywords |= {"type": kind}
    if field.name in DATA:
        keywords |= {"metavar": "DATA"}
    group.add_argument(*map(_flag, names), **keywords)


def _flag(name):
    return f"--{name.replace('_', '-')}"


def _absolute(data):
    """The same data set from every working directory."""
    if ":" not in data:
        return data
    spelling = DataSpelling.of(data)
    places = ",".join(map(_resolved, spelling.place.split(",")))
    return str(dataclasses.replace(spelling, place=places))


def _resolved(place):
    """A whole path, without the `~` that shells leave alone behind a colon or comma."""
    if not place:
        return place  # Of a variable that is not set, and not the working directory.
    if os.name != "nt" and pathlib.PureWindowsPath(place).is_absolute():
        return place  # Of another system.
    return str(pathlib.Path(os.path.expanduser(place)).resolve())
