"""The notebook runs from a clean kernel, and is committed as it ran."""

import base64
import io
import json
import os
import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from keras_pixda.methods import METHODS
from keras_pixda.runs import Settings
from keras_pixda.runs.route_settings import COMMON

nbformat = pytest.importorskip("nbformat")
client = pytest.importorskip("nbclient")

ROOT = pathlib.Path(__file__).parents[1]
PATH = ROOT / "examples" / "gta_to_cityscapes.ipynb"
STRICT = """
import warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", message="__array__ implementation doesn't accept")
"""


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(PATH, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(notebook):
    return "".join(
        output.text
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stdout"
    )


def pictures(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                data = base64.b64decode(output.data["image/png"])
                yield Image.open(io.BytesIO(data))


@pytest.fixture
def execute(committed, tmp_path, monkeypatch):
    """Run the first cells, or all, in few steps; warnings are errors."""
    monkeypatch.setenv("KERAS_PIXDA_QUICK", "1")
    for name in ("GTA5", "CITYSCAPES"):
        monkeypatch.delenv(name, raising=False)
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))

    def run(upto=None):
        notebook = nbformat.from_dict(json.loads(json.dumps(committed)))
        for cell in code_cells(notebook):
            cell.outputs, cell.execution_count = [], None
        notebook.cells = [nbformat.v4.new_code_cell(STRICT), *notebook.cells[:upto]]
        client.NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(tmp_path)}},
        ).execute()
        return notebook

    return run


def test_it_runs_from_a_clean_kernel(execute, committed, tmp_path):
    notebook = execute()
    shown = text_of(notebook)
    assert "8 rendered images; photos: 12 to choose shots from" in shown
    assert "(32, 48, 3) -> (1, 32, 48, 19)" in shown
    assert len(list(pictures(notebook))) == len(list(pictures(committed)))
    assert (tmp_path / "segmenter.keras").is_file()
    assert (tmp_path / "segmenter" / "saved_model.pb").is_file()


def test_it_takes_the_folders_that_are_given(execute, committed, scenes, monkeypatch):
    monkeypatch.setenv("GTA5", str(scenes / "gta5"))
    monkeypatch.setenv("CITYSCAPES", str(scenes / "cityscapes"))
    sources = [cell.source for cell in committed.cells]
    upto = 1 + next(i for i, text in enumerate(sources) if "dataset[0]" in text)
    shown = text_of(execute(upto))
    assert "8 rendered images; photos: 6 to choose shots from" in shown
    assert "shots: 3 photos" in shown


def test_it_is_committed_with_what_a_whole_run_showed(committed):
    assert PATH.stat().st_size < 1_500_000
    counts = [cell.execution_count for cell in code_cells(committed)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(committed):
        assert all(output.output_type != "error" for output in cell.outputs)
    means = re.findall(r"^mean +(\d+\.\d)", text_of(committed), re.MULTILINE)
    before, after = map(float, means)
    assert after > before + 5
    shown = list(pictures(committed))
    assert len(shown) >= 4
    for picture in shown:
        assert picture.width > 600
        assert np.asarray(picture).std() > 10
    assert "/tmp/" not in PATH.read_text("utf-8")
    assert "/root/" not in PATH.read_text("utf-8")


def test_links_lead_to_files(committed):
    text = "\n".join(c.source for c in committed.cells if c.cell_type == "markdown")
    links = re.findall(r"\]\((?!http)([^)]+)\)", text)
    assert "../docs/method.svg" in links
    for link in links:
        assert (PATH.parent / link).is_file(), link


def test_published_settings_are_those_of_the_preset(committed):
    cell = next(c for c in code_cells(committed) if "PUBLISHED = {" in c.source)
    found = {"os": os, "GTA5": None, "CITYSCAPES": None}
    exec(cell.source, found)
    stated = {**found["PUBLISHED"], **found["PUBLISHED"]["optimizers"]}
    run = Settings.preset("published", source="gta5:a", target="gta5:b").by_name()
    for kind in COMMON.values():
        for name in kind.presets["published"]:
            if name != "segmenter":
                assert stated[name] == run[name], name
    for name in METHODS["pixda"].Settings.presets["small"]:
        assert stated[name] == run[f"pixda.{name}"], name
    for name in ("batch_size", "shots", "coupled_decay"):
        assert stated[name] == run[name]
