import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import keras_pixda.comparison
import keras_pixda.runs
from keras_pixda import cli
from keras_pixda.cli import _parser, main
from keras_pixda.commands import COMMANDS
from keras_pixda.commands.options import duration
from keras_pixda.commands.settings_options import settings_from
from keras_pixda.preemption import Preempted, stop_reason

NAMES = [command.__name__.rpartition(".")[2] for command in COMMANDS]


def test_train_evaluate_predict(scenes, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(scenes)
    words = ["train", "--source", "gta5:gta5", "--target", "cityscapes:cityscapes"]
    words += ["--image-size", "32", "48", "--batch-size", "2", "--panels", "1"]
    words += ["--source-steps", "1", "--steps", "1", "--distillation-steps", "0"]
    words += ["--discriminator-filters", "2", "--no-detach"]
    run = str(tmp_path / "run")
    assert main([*words, "--output", run]) == 0
    shown = capsys.readouterr().out
    assert "source only" in shown
    assert "PixDA" in shown
    assert "No mask of the target has a pixel of" in shown
    assert max(map(len, shown.replace(run, "RUN").splitlines())) <= 80
    config = json.loads(pathlib.Path(run, "config.json").read_text())
    assert config["data"]["source"] == f"gta5:{scenes / 'gta5'}"  # From any folder.
    assert config["pixda"]["detach"] is False

    assert main([*words, "--output", run]) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert main(["train", "--output", run, "--resume"]) == 0
    assert main(["train", "--output", str(tmp_path / "none"), "--resume"]) == 2
    assert "no run to resume" in capsys.readouterr().err

    data = ["--data", "cityscapes:cityscapes"]
    assert main(["evaluate", run, *data]) == 0
    table = capsys.readouterr().out
    assert "mean" in table
    out = str(tmp_path / "out")
    assert main(["predict", run, "gta5/images", "--output", out]) == 0
    assert "8 pictures segmented" in capsys.readouterr().out


@pytest.mark.parametrize("level", [None, "0", "1", "2", "3"])
def test_who_asks_tensorflow_for_silence_gets_no_more_than_others(level, monkeypatch):
    quiet, logs = object(), []
    monkeypatch.setattr(cli, "sys", SimpleNamespace(modules={}))
    monkeypatch.setattr(cli, "filtered_stderr", lambda: quiet)
    monkeypatch.setattr(cli, "prepare_environment", lambda log=False: logs.append(log))
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    if level is not None:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    asked = level in ("0", "1")
    assert (cli._quietly(debug=False) is quiet) is not asked
    assert logs == [asked]
    assert cli._quietly(debug=True) is not quiet


def test_check_lists_every_fault(scenes, tmp_path, capsys):
    assert main(["check", f"gta5:{scenes / 'gta5'}"]) == 0
    shown = capsys.readouterr().out
    assert "8 pairs: no problems" in shown
    assert "Note: gta5: no mask has a pixel of" in shown
    table = shown[shown.index("class ") : shown.index("8 pairs")]
    assert max(map(len, table.splitlines())) <= 80
    assert "road" in table
    assert " %" in table
    root = tmp_path / "gta5"
    for kind, mode in (("images", "RGB"), ("labels", "L")):
        (root / kind).mkdir(parents=True)
        for name in ("00001.png", "00002.png", "00003.png"):
            Image.new(mode, (32, 32), 7 if mode == "L" else 0).save(root / kind / name)
    (root / "images" / "00001.png").write_bytes(b"")
    Image.new("L", (32, 30), 7).save(root / "labels" / "00002.png")
    Image.new("L", (32, 32), 99).save(root / "labels" / "00003.png")
    assert main(["check", f"gta5:{root}"]) == 1
    shown = capsys.readouterr().out
    for number in ("00001", "00002", "00003"):
        assert number in shown
    assert "3 problems" in shown
    (root / "labels" / "00001.png").unlink()
    assert main(["check", f"gta5:{root}"]) == 1
    assert "00001.png" in capsys.readouterr().out


def test_check_finds_masks_that_are_misread_and_shows_them(tmp_path, capsys):
    random = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        for kind, top in (("images", 256), ("masks", 2)):
            (tmp_path / kind).mkdir(exist_ok=True)
            pixels = random.integers(0, top, (24, 32), "uint8")
            pixels = pixels * 255 if kind == "masks" else np.dstack([pixels] * 3)
            Image.fromarray(pixels).save(tmp_path / kind / f"{name}.png")
    (tmp_path / "classes.txt").write_bytes("\ufeffwall\r\ncrack\r\n".encode())
    data = f"folder:{tmp_path}/images,{tmp_path}/masks,{tmp_path}/classes.txt"
    seen = str(tmp_path / "seen")
    assert main(["check", data, "--preview", seen]) == 1
    shown = capsys.readouterr().out
    assert "no mask has a pixel of crack" in shown
    assert "0 and 255 alone" in shown
    assert "3 pairs: 2 problems" in shown
    pictures = sorted(pathlib.Path(seen).iterdir())
    assert [path.name for path in pictures] == ["preview_1.png", "preview_2.png"]
    with Image.open(pictures[0]) as picture:
        # The wall is in its colour, what is ignored is dark, the image is gray.
        colours = {colour for _, colour in picture.convert("RGB").getcolors(10**6)}
    assert {(230, 69, 69), (0, 0, 0)} <= colours
    assert main(["check", data, "--preview", seen]) == 2
    assert "preview_1.png exists" in capsys.readouterr().err


def test_errors_are_one_line_without_a_traceback(capsys, tmp_path):
    assert main(["check", f"gta5:{tmp_path}"]) == 2
    assert capsys.readouterr().err.startswith("error: The folder")
    assert main(["train", "--output", str(tmp_path / "x")]) == 2
    assert "--source and --target missing" in capsys.readouterr().err
    with pytest.raises(FileNotFoundError):
        main(["--debug", "check", f"gta5:{tmp_path}"])
    with pytest.raises(SystemExit):
        main(["unknown"])


@pytest.mark.parametrize("command", ["train", "compare"])
def test_a_run_that_was_told_to_stop_says_how_to_go_on(
    scenes, tmp_path, capsys, monkeypatch, command
):
    def stop(*args, **kwargs):
        signal.raise_signal(signal.SIGUSR1)
        raise Preempted(stop_reason())

    module = {"train": keras_pixda.runs, "compare": keras_pixda.comparison}[command]
    monkeypatch.setattr(module, command, stop)
    data = f"--source=gta5:{scenes}/gta5", f"--target=cityscapes:{scenes}/cityscapes"
    told = "--stop-signal=SIGUSR1", "--stop-after=8h"
    assert main([command, *data, f"--output={tmp_path}", *told]) == 75
    assert (
        capsys.readouterr().err == "\nstopped (SIGUSR1); --resume goes on from here\n"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("55m", 3300), ("1.5h", 5400)]
)
def test_times_have_a_unit(text, seconds):
    assert duration(text) == seconds
    for wrong in (text[:-1], text[-1], f"-{text}", f"{text}s"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected one such as"):
            duration(wrong)


def test_demo_draws_trains_and_says_what_came_out(tmp_path, capsys, monkeypatch):
    import keras_pixda.runs as runs
    from keras_pixda.runs import demo as run_demo

    def short(output, overwrite):
        return run_demo(
            output,
            overwrite,
            segmenter="small",
            image_size=(32, 48),
            batch_size=2,
            source_steps=1,
            steps=1,
            distillation_steps=1,
            panels=1,
            scenes={
                "source_images": 4,
                "target_images_per_city": 1,
                "validation_images": 1,
            },
        )

    monkeypatch.setattr(runs, "demo", short)
    assert main(["demo", "--output", str(tmp_path / "demo")]) == 0
    shown = capsys.readouterr().out
    assert "Mean IoU on the photos" in shown
    lines = [line for line in shown.splitlines() if str(tmp_path) not in line]
    assert max(map(len, lines)) < 80
    assert main(["demo", "--output", str(tmp_path / "demo")]) == 2
    assert main(["demo", "--output", str(tmp_path / "demo"), "--overwrite"]) == 0


# Words, the exit status, and what is shown.
ANSWERED_AT_ONCE = [
    ("--help", 0, "COMMAND"),
    ("--version", 0, "keras-pixda"),
    *((f"{name} --help", 0, f"usage: keras-pixda {name}") for name in NAMES),
    *((f"{name} --nothing-such", 2, "usage: keras-pixda") for name in NAMES),
    ("nothing_such", 2, "invalid choice: 'nothing_such'"),
    ("compare --shots many", 2, "invalid int value"),
    ("train --output RUN", 2, "--source and --target missing"),
    ("train --output RUN --resume", 2, "no run to resume"),
    ("train --batch-size 0 --output RUN --source gta5:a --target gta5:b", 2, "batch"),
    ("train --method pixdb --output RUN --source gta5:a --target gta5:b", 2, "pixdb"),
    (
        "compare --methods pixdb --output RUN --source gta5:a --target gta5:b",
        2,
        "pixdb",
    ),
    ("train --output RUN --source gt5:a --target gta5:b", 2, "did you mean 'gta5'?"),
    ("compare --output RUN --source gta5:a --target kitti:b", 2, "unknown data set"),
    (
        "train --weights NOWHERE --output RUN --source gta5:a --target gta5:b",
        2,
        "no such file of weights",
    ),
    ("train --output RUN --source gta5:a --target gta5:b?cities=0", 2, "cities is '0'"),
    (
        "train --guard kitti:b --output RUN --source gta5:a --target gta5:b",
        2,
        "unknown data set 'kitti'",
    ),
    (
        "train --unlabelled images: --output RUN --source gta5:a --target gta5:b",
        2,
        "'images:': expected one of gta5:ROOT",
    ),
    ("check camvid:a?part=third", 2, "part is 'third'"),
    ("check kitti:a", 2, "unknown data set 'kitti'"),
    ("check cityscape:a", 2, "did you mean 'cityscapes'?"),
    ("check gta5", 2, "expected one of gta5:ROOT"),
    ("check gta5:NOWHERE", 2, "The folder"),
    ("check folder:NOWHERE,NOWHERE,NOWHERE", 2, "The list"),
    ("check cityscapes:NOWHERE --split val", 2, "The folder"),
    ("evaluate NOWHERE --data kitti:a", 2, "unknown data set"),
    ("evaluate NOWHERE --data gta5:NOWHERE", 2, "The folder"),
    ("evaluate NOWHERE --data gta5:SCENES/gta5", 2, "holds no segmenter.keras"),
    ("predict NOWHERE NOWHERE", 2, "holds no segmenter.keras"),
    ("predict RUN NOWHERE", 2, "no such file or folder of pictures"),
    ("export NOWHERE --output OUT --format onnx", 2, "holds no segmenter.keras"),
    ("export RUN --output OUT --format tiff", 2, "invalid choice: 'tiff'"),
    ("verify NOWHERE", 2, "no such file or folder"),
    ("verify RUN", 2, "expected a run that has ended"),
    (
        "train --output OUT --source gta5:a --target gta5:b --stop-signal SIGFOO",
        2,
        "'SIGFOO' is no signal to wait for",
    ),
    ("scenes SCENES/gta5/images/00001.png", 2, "00001.png"),
    ("check gta5:SCENES/gta5 --preview OUT", 0, "8 pairs: no problems"),
]
# Runs all lines in this one process: what they say, and what has been loaded since.
ANSWERS = """
import contextlib, io, json, sys, time
from keras_pixda.cli import main
for line in json.load(sys.stdin):
    shown, started = io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        try:
            status = main(line.split())
        except SystemExit as stop:
            status = stop.code
    loaded = sorted({"keras", "tensorflow"} & set(sys.modules))
    seconds = time.process_time() - started
    print(json.dumps([status, shown.getvalue(), loaded, seconds]))
"""


def test_help_and_mistakes_are_answered_without_tensorflow(scenes, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    facts = {"classes": ["road"], "palette": [[1, 2, 3]], "ignore_class": 255}
    facts |= {"well": [], "image_size": [32, 48]}
    (run / "classes.json").write_text(json.dumps(facts))
    (run / "segmenter.keras").touch()
    lines = [line for line, _, _ in ANSWERED_AT_ONCE]
    for word, place in (
        ("RUN", run),
        ("NOWHERE", tmp_path / "nowhere"),
        ("SCENES", scenes),
        ("OUT", tmp_path / "out"),
    ):
        lines = [line.replace(word, str(place)) for line in lines]
    result = subprocess.run(
        [sys.executable, "-c", ANSWERS],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""
    answers = [json.loads(answer) for answer in result.stdout.splitlines()]
    for (line, status, text), answer in zip(ANSWERED_AT_ONCE, answers, strict=True):
        assert answer[0] == status, (line, answer)
        assert text in answer[1], line
        assert "Traceback" not in answer[1], line
        assert answer[2] == [], line
        # Processor time: the machine may be busy.
        assert answer[3] < 0.5, line


@pytest.mark.parametrize("command", ["train", "compare"])
def test_a_run_shows_nothing_on_standard_error(scenes, tmp_path, command):
    words = ["--source", f"gta5:{scenes}/gta5", "--target", f"cityscapes:{scenes}/x"]
    words += ["--image-size", "32", "48", "--batch-size", "2", "--panels", "1"]
    words += ["--source-steps", "1", "--steps", "1", "--distillation-steps", "0"]
    words += ["--discriminator-filters", "2", "--output", str(tmp_path / "run")]
    if command == "compare":
        words += ["--methods", "source_only", "--shots", "1", "--seeds", "1"]
        words += ["--processes", "2"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}

    def run():
        return subprocess.run(
            [sys.executable, "-m", "keras_pixda", command, *words],
            env=environment,
            capture_output=True,
            text=True,
        )

    result = run()
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: The folder {scenes}/x")
    assert "0000 " not in result.stderr
    words[3] = f"cityscapes:{scenes}/cityscapes"
    words += ["--overwrite"]  # The comparison has begun.
    result = run()
    assert result.stderr == ""
    assert result.returncode == 0
    assert "source only" in result.stdout.lower()


def test_places_are_whole_whatever_the_shell_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for data, whole in (
        ("gta5:~/data", f"gta5:{tmp_path}/home/data"),
        ("gta5:data", f"gta5:{tmp_path}/data"),
        (
            "folder:~/a,b,~/c.txt",
            f"folder:{tmp_path}/home/a,{tmp_path}/b,{tmp_path}/home/c.txt",
        ),
        ("gta5:C:\\data", "gta5:C:\\data"),
        ("folder:C:/a,D:/b,c.txt", f"folder:C:/a,D:/b,{tmp_path}/c.txt"),
        ("no colon", "no colon"),
    ):
        words = ["train", "--source", data, "--target", "gta5:x", "--validation", data]
        words += ["--weights", "~/w.keras", "--output=~/run"]
        options = _parser().parse_args(words)
        settings = settings_from(options)
        assert (settings.data.source, settings.data.validation) == (whole, whole)
        assert settings.network.weights == f"{tmp_path}/home/w.keras"
        assert options.output == f"{tmp_path}/home/run"
