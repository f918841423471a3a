"""The wheel and the source archive hold what an index and a type checker look for."""

import email
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parents[1]
SOURCES = ("keras_pixda", "README.md", "LICENSE", "setup.py", "pyproject.toml")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The wheel and the source archive, built from a copy of the sources."""
    pytest.importorskip("build")
    copy, built = (tmp_path_factory.mktemp(name) for name in ("copy", "built"))
    copy_sources(copy)
    run("build", "--no-isolation", "--outdir", built, copy)
    (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
    return wheel, source


def copy_sources(folder):
    for name in SOURCES:
        if (ROOT / name).is_dir():
            unwanted = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, folder / name)


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


def test_source_archive_is_the_same_bytes_at_any_time(archives, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_sources(copy)
    for path in copy.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700 if path.is_dir() else 0o600)
    run("build", "--no-isolation", "--sdist", "--outdir", tmp_path, copy)
    (again,) = tmp_path.glob("*.tar.gz")
    assert again.read_bytes() == archives[1].read_bytes()


def test_what_is_tested_is_locked(archives):
    locked = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            pin = Requirement(line)
            ((relation, version),) = ((x.operator, x.version) for x in pin.specifier)
            assert relation == "=="
            if pin.marker is None or pin.marker.evaluate():
                name = canonicalize_name(pin.name)
                assert name not in locked
                locked[name] = version
    with zipfile.ZipFile(archives[0]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith("/METADATA"))
        metadata = email.message_from_bytes(wheel.read(name))
    found = 0
    for extra in ("", "test", "hub", "cv", "export", "docs", "pretrained"):
        for line in metadata.get_all("Requires-Dist"):
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                version = locked[canonicalize_name(needed.name)]
                assert needed.specifier.contains(version), line
                found += 1
    assert found > 20


def test_workflows_call_what_is_there():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for path in (ROOT / ".github" / "workflows").iterdir():
        workflow = yaml.safe_load(path.read_text("utf-8"))
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        commands = "\n".join(step.get("run", "") for step in steps)
        for target in re.findall(r"make (\S+)", commands):
            assert f"\n{target}:" in makefile
        for name in re.findall(r"(?:^|requirement )(\.\S+|\S+\.txt)", commands, re.M):
            assert (ROOT / name).exists() or name.startswith(".venv/bin"), name


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
