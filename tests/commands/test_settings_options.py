import argparse
import dataclasses
import re

import pytest

from keras_pixda.cli import _parser, main
from keras_pixda.commands.settings_options import add_settings, settings_from
from keras_pixda.comparison.rows import ROWS
from keras_pixda.methods import METHODS, Method, MethodSettings
from keras_pixda.runs import Settings

WORDS = ["--source", "gta5:/a", "--target", "cityscapes:/b", "--output", "/run"]


def read(*words):
    parser = argparse.ArgumentParser()
    add_settings(parser)
    return settings_from(parser.parse_args([*WORDS, *words]))


def small(**changes):
    return Settings.preset("small", source="gta5:/a", target="cityscapes:/b", **changes)


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("--shots 3 --seed 7", {"shots": 3, "seed": 7}),
        ("--image-size 64 96", {"image_size": (64, 96)}),
        ("--threshold 0.3 --no-detach", {"threshold": 0.3, "detach": False}),
        (
            "--pixda.threshold 0.3 --no-pixda.detach",
            {"threshold": 0.3, "detach": False},
        ),
        ("--style-window 0.02", {"style_window": 0.02}),
        ("--fda.style-window 0.02", {"fda.style_window": 0.02}),
        (
            "--fda.style-window 0.02 --style-window 0.03",
            {"style_window": 0.03, "fda.style_window": 0.02},
        ),
        ("--learning-rate 0.1", {"training": {"learning_rate": 0.1}}),
        ("--fine-tuning.learning-rate 0.1", {"fine_tuning": {"learning_rate": 0.1}}),
        ("--discriminator-filters 2", {"discriminator_filters": 2}),
        (
            "--segmenter deeplab_v2 --pretrained",
            {"segmenter": "deeplab_v2", "pretrained": True},
        ),
        (
            "--segmenter efficientnet_lite0 --no-pretrained",
            {"segmenter": "efficientnet_lite0", "pretrained": False},
        ),
        ("--segmenter /my/a.keras", {"segmenter": "/my/a.keras"}),
    ],
)
def test_an_option_is_the_setting_of_its_name(words, changes):
    assert read(*words.split()) == small(**changes)


def test_every_setting_of_0_1_has_its_option_still():
    parser = argparse.ArgumentParser()
    add_settings(parser)
    flags = parser.format_help()
    for name in {name.rpartition(".")[2] for name in small().by_name()} - {"method"}:
        assert f"--{name.replace('_', '-')}" in flags


def test_options_change_the_settings_of_a_file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("preset: small\nsource: gta5:/a\ntarget: gta5:/b\nthreshold: 0.3\n")
    settings = read("--config", str(path), "--growth", "0.1")
    assert settings == small(threshold=0.3, growth=0.1)


def test_a_preset_beside_a_file_or_a_run_is_refused(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(small().to_json())
    for words in (["--config", str(path)], ["--resume", "--output", str(tmp_path)]):
        with pytest.raises(ValueError, match="--preset foo: .*config.json decides"):
            read(*words, "--preset", "foo")
    assert read("--preset", "published") != small() == read()


def test_help_has_a_group_for_every_branch_and_method(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    for command in ("train", "compare"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        shown = capsys.readouterr().out
        titles = ["data:", "network:", "training, of all methods:"]
        titles += [f"{method.title}:" for method in METHODS.values()]
        places = [shown.index(f"\n{title}\n") for title in titles]
        assert places == sorted(places)
        # Python 3.13 names the value once.
        assert re.search("--fda.entropy-weight( X)?, --entropy-weight X", shown)
        assert "Half-width of the Fourier style transfer's window" in shown
        assert "All at once: --fda.style-window, --pixda.style-window" in shown


@pytest.mark.parametrize("words", [["--help"], ["--stop-after", "soon"]])
@pytest.mark.parametrize("command", ["train", "compare"])
def test_usage_is_a_line(command, words, capsys):
    with pytest.raises(SystemExit):
        main([command, *words])
    usage, after, *_ = "".join(capsys.readouterr()).splitlines()
    place = "--source DATA --target DATA --output OUTPUT"
    assert usage == f"usage: keras-pixda {command} {place} [OPTIONS]"
    assert len(usage) <= 80
    assert not after or after.startswith(f"keras-pixda {command}: error: argument")


def test_help_of_compare_names_what_it_runs_and_its_defaults(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for name in ROWS:
        assert name in shown
    default = ", or what the resumed comparison has)"
    default_methods = "default: those of these that the data suffice for"
    shown_methods = f"fsda, pixda, self_training, pixda+ ({default_methods}{default}"
    assert shown_methods in shown
    assert f"methods that need none (default: 1 3 5{default}" in shown
    assert f"(default: 3{default}" in shown


@pytest.mark.parametrize(
    ("method", "word", "message"),
    [
        ("no_selection", "--selection", "has pixda.selection False, received True"),
        ("augmented", "--no-augment", "has augment True, received False"),
        ("no_distillation", "--distillation-steps=9", "distillation_steps 0, received"),
    ],
)
def test_a_variant_and_an_option_that_contradict_each_other_are_refused(
    method, word, message, tmp_path, capsys
):
    words = [*WORDS[:-1], str(tmp_path / "run"), "--method", method, word]
    assert main(["train", *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@dataclasses.dataclass(frozen=True, kw_only=True)
class StrangeSettings(MethodSettings):
    """Settings of a method from elsewhere.

    Args:
        strangeness: Of 100 % of the loss. Defaults to 1.0.
    """

    strangeness: float = 1.0


class Strange(Method):
    name = "strange"
    title = "Strange Method"
    Settings = StrangeSettings


def test_a_method_from_elsewhere_has_its_options(monkeypatch, capsys):
    monkeypatch.setitem(METHODS, "strange", Strange())
    assert read("--strange.strangeness", "2")["strange"].strangeness == 2
    assert read("--strangeness", "2")["strange"].strangeness == 2
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = capsys.readouterr().out
    assert "Strange Method:\n" in shown
    assert "Of 100 % of the loss. Defaults to 1.0." in shown
    options = _parser().parse_args(["train", *WORDS, "--method", "strange"])
    assert options.method == "strange"
