"""The wheel and the source archive hold what an index and a type checker look for."""

import email
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[1]
SOURCES = ("keras_pixda", "README.md", "LICENSE", "setup.py", "pyproject.toml")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The wheel and the source archive, built from a copy of the sources."""
    pytest.importorskip("build")
    copy, built = (tmp_path_factory.mktemp(name) for name in ("copy", "built"))
    for name in SOURCES:
        if (ROOT / name).is_dir():
            unwanted = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, copy / name)
    run("build", "--no-isolation", "--outdir", built, copy)
    (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
    return wheel, source


def run(module, *arguments):
    result = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_twine_finds_nothing(archives):
    pytest.importorskip("twine")
    shown = run("twine", "check", "--strict", *archives)
    assert shown.count("PASSED") == 2


def test_wheel_holds_the_package_alone(archives):
    with zipfile.ZipFile(archives[0]) as wheel:
        names = wheel.namelist()
    package = {
        str(path.relative_to(ROOT))
        for suffix in ("py", "jinja2", "css", "typed")
        for path in (ROOT / "keras_pixda").rglob(f"*.{suffix}")
    }
    assert package == {name for name in names if ".dist-info/" not in name}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_source_archive_builds_the_same(archives):
    with tarfile.open(archives[1]) as archive:
        names = {pathlib.PurePath(name).name for name in archive.getnames()}
    assert {"README.md", "LICENSE", "setup.py", "py.typed"} <= names


def test_metadata(archives):
    with zipfile.ZipFile(archives[0]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith("/METADATA"))
        metadata = email.message_from_bytes(wheel.read(name))
    assert metadata["Name"] == "keras_pixda"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Author"] == "keras_pixda contributors"
    assert f"- name: {metadata['Author']}" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert "domain adaptation" in metadata["Keywords"]
    for entry in metadata.get_all("Project-URL"):
        address = entry.partition(", ")[2]
        assert address in (ROOT / "CITATION.cff").read_text("utf-8")
    assert {"backends", "test", "hub"} <= set(metadata.get_all("Provides-Extra"))


def test_description_has_no_link_into_the_repository(archives):
    with zipfile.ZipFile(archives[0]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith("/METADATA"))
        text = wheel.read(name).decode("utf-8").partition("\n\n")[2]
    readme = (ROOT / "README.md").read_text("utf-8")
    code = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
    assert code.findall(text) == code.findall(readme)
    link = re.compile(r"\]\(([^)\s]*)\)")
    outside = [a for a in link.findall(code.sub("", readme)) if a.startswith("http")]
    assert link.findall(code.sub("", text)) == outside
    assert len(outside) >= 1
    # What a link said still stands.
    for words in (
        "examples/gta_to_cityscapes.ipynb tells the whole story",
        "MIT licence",
    ):
        assert words in " ".join(text.split())
