"""Every code block and every command of the README and the other pages works."""

import ast
import functools
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

import keras_pixda.toy_scenes
from keras_pixda import cli
from keras_pixda.runs import Settings
from keras_pixda.runs.route_settings import branches, places_of

ROOT = pathlib.Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
PROGRAMS = ("keras-pixda", "make", "pip", "python")
# A word in capitals stands for a place of the reader's.
PLACE = re.compile(r"\b[A-Z][A-Z0-9]{2,}\b")
# They train for long; other tests run them.
LONG = ("compare", "demo")
# The commands as they stand, in few and small steps.
SMALL_RUN = {
    "discriminator_filters": 2,
    "image_size": (32, 48),
    "source_steps": 2,
    "steps": 2,
    "distillation_steps": 1,
}
SMALL_SCENES = {
    "source_images": 8,
    "target_images_per_city": 1,
    "validation_images": 3,
    "image_size": (32, 48),
}


def commands(page):
    """The commands of a page, as lists of words."""
    text = page.read_text(encoding="utf-8")
    blocks = SHELL.findall(text) + INDENTED.findall(re.sub(r"(?s)```.*?```", "", text))
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and "=" in words[0]:  # A variable for the command.
                words = words[1:]
            if words and words[0] in PROGRAMS:
                yield words


COMMANDS = [(page, words) for page in PAGES for words in commands(page)]
BLOCKS = [
    (page, block)
    for page in PAGES
    for block in PYTHON.findall(page.read_text(encoding="utf-8"))
]


def names(cases):
    return [f"{page.stem}-{number}" for number, (page, _) in enumerate(cases)]


def test_blocks_and_commands_are_found():
    assert sum(page == README for page, _ in BLOCKS) >= 3
    assert sum(page == README for page, _ in COMMANDS) >= 15
    # No other kind of block, in which something could stand unchecked.
    kinds = set(re.findall(r"^```(\w+)", README.read_text("utf-8"), re.MULTILINE))
    assert kinds == {"python", "sh", "yaml", "bibtex"}


def test_settings_of_the_readme_are_read(tmp_path):
    blocks = re.findall(r"^```yaml\n(.*?)^```", README.read_text("utf-8"), re.S | re.M)
    assert blocks
    for block in blocks:
        path = tmp_path / "settings.yaml"
        path.write_text(block)
        settings = Settings.from_file(path)
        assert settings["pixda"].threshold == 0.3
        assert settings.training.steps == 700


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=names(BLOCKS))
def test_code(page, block, tmp_path, monkeypatch, capsys):
    if "keras_hub" in block:
        pytest.importorskip("keras_hub")
    if re.search(r'"\w+\.pth"', block):
        monkeypatch.setattr("keras_pixda.weights.load_pytorch", lambda path: path)
        monkeypatch.setattr("keras_pixda.weights.save_pytorch", lambda *both: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keras_pixda.toy_scenes, "toy_scenes", small_scenes())
    exec(compile(block, str(page), "exec"), {"__name__": "__main__"})


def test_the_first_block_is_short_and_leaves_a_segmenter():
    block = BLOCKS[0][1]
    statements = ast.parse(block).body
    assert len(statements) <= 15
    assert "model.segmenter.save(" in block


def test_commands_of_the_readme_run_one_after_the_other(
    tmp_path, monkeypatch, capsys, dtype_policy
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keras_pixda.toy_scenes, "toy_scenes", small_scenes())
    for name, value in SMALL_RUN.items():
        for branch in places_of(name):
            small = branches()[branch].presets["small"]
            monkeypatch.setitem(small, name, value)
    ran = []
    for words in commands(README):
        if (
            words[0] != "keras-pixda"
            or words[1] in LONG
            or any(map(PLACE.search, words))
        ):
            continue
        assert cli.main(words[1:]) == 0, (words, capsys.readouterr().err)
        ran.append(words[1])
    assert ran == [
        "scenes",
        "check",
        "train",
        "evaluate",
        "predict",
        "export",
        "verify",
    ]
    shown = capsys.readouterr().out
    assert "11 pairs" not in shown
    assert "8 pairs: no problems" in shown
    assert (tmp_path / "run" / "segmenter.keras").is_file()
    assert len(list((tmp_path / "predictions" / "overlays").rglob("*.png"))) == 3
    assert (tmp_path / "segmenter" / "saved_model.pb").is_file()


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=names(COMMANDS))
def test_command_is_understood(page, words):
    """Its program has the command, the options, the target or the extra."""
    if words[0] == "keras-pixda":
        options = cli._parser().parse_args(words[1:])
        assert callable(options.run)
    elif words[0] == "make":
        assert shutil.which("make"), "make is not installed"
        result = subprocess.run(
            ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
    elif words[0] == "pip":
        assert words[1] == "install"
        assert all(extra in extras() for extra in re.findall(r"\[(.+)\]", words[2]))
    else:
        script = next(word for word in words[1:] if not word.startswith("-"))
        assert (ROOT / script).is_file(), f"{page} names {script}"


@pytest.mark.parametrize(
    "script", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem
)
def test_script_is_named_in_the_readme(script):
    assert f"examples/{script.name}" in README.read_text("utf-8")


def small_scenes():
    """`toy_scenes` whose scenes are few and small whatever a caller asks for."""
    draw = keras_pixda.toy_scenes.toy_scenes

    @functools.wraps(draw)
    def small(root, progress=None, **arguments):
        return draw(root, progress=progress, **{**arguments, **SMALL_SCENES})

    return small


def extras():
    """Extras that setup.py declares."""
    tree = ast.parse((ROOT / "setup.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "extras_require":
            return ast.literal_eval(node.value)
    raise AssertionError("setup.py declares no extras_require")


def test_citation_has_the_version_of_the_package():
    declared = re.search(r'version="(.+)"', (ROOT / "setup.py").read_text("utf-8"))[1]
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {declared}\n" in citation
    assert f"## {declared}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_picture_of_the_method_is_in_the_repository():
    assert os.path.getsize(ROOT / "docs" / "method.svg") < 20_000
