"""What is public is there, and loaded no earlier than it is asked for."""

import importlib
import pathlib
import re
import subprocess
import sys

import pytest

import keras_pixda
from keras_pixda.methods import PixDAModel
from keras_pixda.models import small_segmenter

LAZY = ("keras_pixda", "keras_pixda.datasets", "keras_pixda.runs")
ROOT = pathlib.Path(__file__).parents[1]


@pytest.mark.parametrize("package", LAZY)
def test_every_public_name_is_what_its_own_file_calls_it(package):
    room = importlib.import_module(package)
    assert set(room.__all__) == set(room._files)  # What type checkers see.
    assert set(room.__all__) <= set(dir(room))
    for name in room.__all__:
        value = getattr(room, name)
        if callable(value):  # Not a registry.
            assert value.__name__ == name
            assert value.__module__.startswith("keras_pixda.")


def test_the_package_shows_its_rooms():
    folders = {p.parent.name for p in ROOT.glob("keras_pixda/*/__init__.py")}
    # The command line's own is for nobody else.
    assert folders - {"commands"} <= set(dir(keras_pixda))
    assert folders - {"commands"} == keras_pixda._rooms


@pytest.mark.parametrize("package", LAZY)
def test_what_is_not_there_is_an_attribute_error(package):
    room = importlib.import_module(package)
    assert not hasattr(room, "nothing_of_this_name")
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute"):
        getattr(room, "_hidden")  # noqa: B009


def test_a_function_is_not_hidden_by_the_file_of_its_name():
    script = """
import keras_pixda.datasets.gta5
from keras_pixda.datasets import files, gta5
assert callable(gta5), gta5
assert files.__name__ == "keras_pixda.datasets.files"
import keras_pixda
assert callable(keras_pixda.datasets.gta5)
"""
    python("-c", script)


@pytest.mark.parametrize(
    "script",
    [
        "import keras_pixda.commands, keras_pixda.cli",
        "from keras_pixda.runs import Settings",
        "from keras_pixda.datasets import check, gta5, load",
    ],
)
def test_tensorflow_is_not_loaded_for(script):
    loaded = "{'keras', 'tensorflow'} & set(sys.modules)"
    python("-c", f"{script}\nimport sys\nassert not {loaded}")


# Whichever way Keras comes in, before or after the package or by it.
ORDERS = [
    "import keras_pixda\nimport keras",
    "import keras\nimport keras_pixda",
    "import tensorflow\nimport keras_pixda\nimport keras",
    "from keras_pixda.datasets import gta5\nimport keras",
    "from keras_pixda.datasets import FewShotDomainDataset\nimport keras",
    "from keras_pixda.layers import AlignedResize\nimport keras",
    "from keras_pixda.serving import sliding_window\nimport keras",
]


def test_saved_models_are_loaded_whatever_was_imported_first(tmp_path):
    model = PixDAModel(small_segmenter(3, filters=2))
    model.compile("sgd", "adam")
    model.save(tmp_path / "pixda.keras")
    load = f"keras.saving.load_model({str(tmp_path / 'pixda.keras')!r})"
    for order in ORDERS:
        python("-c", f"{order}\nprint(type({load}).__name__)", shows="PixDAModel")


def test_the_version_is_the_same_everywhere():
    setup = (ROOT / "setup.py").read_text("utf-8")
    assert re.search(r'version="(.+)"', setup)[1] == keras_pixda.__version__
    shown = python("-m", "keras_pixda", "--version")
    assert shown == f"keras-pixda {keras_pixda.__version__}\n"


def python(*words, shows=""):
    """What a new process prints, which must not fail."""
    result = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert shows in result.stdout
    return result.stdout
