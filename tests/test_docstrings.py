"""Every example in a public docstring runs as it stands."""

import importlib
import inspect
import os
import pkgutil
import re
import textwrap

import pytest

import keras_pixda

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def public_objects():
    """Public functions and classes of the package, each once."""
    for info in pkgutil.walk_packages(keras_pixda.__path__, "keras_pixda."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            own = getattr(value, "__module__", None) == info.name
            documented = inspect.isroutine(value) or inspect.isclass(value)
            if own and documented and not name.startswith("_"):
                yield f"{info.name}.{name}", value


OBJECTS = dict(public_objects())
EXAMPLES = {
    name: BLOCK.findall(inspect.getdoc(value) or "") for name, value in OBJECTS.items()
}


@pytest.mark.parametrize("name", [name for name in EXAMPLES if EXAMPLES[name]])
def test_example_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # An example must not depend on where it runs.
    for block in EXAMPLES[name]:
        exec(compile(textwrap.dedent(block), f"<{name}>", "exec"), {})
    assert os.listdir(tmp_path) == []


def exported():
    for info in pkgutil.iter_modules(keras_pixda.__path__, "keras_pixda."):
        if not info.ispkg:
            continue
        module = importlib.import_module(info.name)
        for name in module.__all__:
            if callable(getattr(module, name)):  # Not the constants.
                yield f"{info.name}.{name}", getattr(module, name)


@pytest.mark.parametrize(("name", "value"), list(exported()))
def test_what_a_room_exports_has_an_example(name, value):
    text = inspect.getdoc(value) or ""
    assert re.match(r"\S.*\.\n", text), f"{name}: the docstring's first line"
    assert BLOCK.search(text), f"{name}: no runnable example"
