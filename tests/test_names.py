"""Files and their tests have the name of what a room exports from them."""

import ast
import pathlib
import re

import pytest

from tests.package_files import PACKAGE

TESTS = pathlib.Path(__file__).parent
# Several names that a room exports lie in one file, if they are no class and its pure
# function of the same name.
TOGETHER = {
    "comparison/rows.py": "a row, and those that there are",
    "datasets/data_error.py": "an error, and what it lists",
    "datasets/distribute.py": "two ways to deal out batches, by the same means",
    "datasets/reader.py": "the one reader: of an image, of a mask, of both",
    "methods/fda.py": "a method, and its settings",
    "methods/pixda_plus.py": "a method, and its settings",
    "losses/domain.py": "one loss, and its sums for one domain and for both",
    "losses/pix_adv.py": "a loss, and the map that weighs it",
}
# Tests of a name that are in the file of another one, which needs it.
TESTED_WITH = {
    "callbacks/progress_line.py": "test_progress.py",
    "methods/method.py": "runs/test_pipeline.py",
    "methods/phase.py": "runs/test_pipeline.py",
    "methods/variant.py": "comparison/test_rows.py",
    "models/check_segmenter.py": "models/test_segmenter_end.py",
    "optimizers/shared_loss_scale_optimizer.py": "distribution/train_alike.py",
    "runs/evaluate.py": "commands/test_evaluate.py",
    "runs/measure.py": "callbacks/test_keras_callbacks.py",
    "runs/panels.py": "comparison/test_write_comparison.py",
    "training/fit_steps.py": "training/test_supervised_model.py",
}


def exported_files():
    """Names that each file gives to the exports of its room."""
    files = {}
    for init in sorted(PACKAGE.glob("*/__init__.py")):
        room = f"keras_pixda.{init.parent.name}."
        for node in ast.walk(ast.parse(init.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith(room):
                place = node.module.removeprefix("keras_pixda.").replace(".", "/")
                names = [n.name for n in node.names if not n.name.isupper()]
                files.setdefault(f"{place}.py", []).extend(names)
    return {place: names for place, names in files.items() if names}


FILES = exported_files()


def plain(name):
    """A name without what tells a class from a function, and a loss in its room."""
    return name.replace("_", "").lower().removesuffix("loss")


def test_files_are_named_after_what_they_hold():
    wrong = {
        place: names
        for place, names in FILES.items()
        if {plain(name) for name in names} != {plain(place[:-3].rpartition("/")[2])}
    }
    assert wrong.keys() == TOGETHER.keys(), wrong


def test_test_files_have_the_name_of_the_file():
    missing = []
    for place in FILES:
        if place.endswith("_settings.py"):
            continue  # Branches of one tree, which `runs/test_settings.py` tests.
        room, _, file = place.partition("/")
        # A method's folder has its tests in those of the room.
        if not [*(TESTS / room).rglob(f"test_{file.rpartition('/')[2]}")]:
            missing.append(place)
    assert sorted(missing) == sorted(TESTED_WITH)


@pytest.mark.parametrize("place", TESTED_WITH)
def test_names_without_a_test_file_are_tested_elsewhere(place):
    text = (TESTS / TESTED_WITH[place]).read_text("utf-8")
    for name in FILES[place]:
        assert re.search(rf"\b{name}\b", text)
