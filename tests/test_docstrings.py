"""Public docstrings speak one dialect; every example runs and asserts what it shows."""

import ast
import importlib
import inspect
import os
import pkgutil
import re
import textwrap

import pytest

import keras_pixda
from tests.package_files import public_definitions, trees

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
# Examples that only define a function, and why they cannot run here.
ONLY_DEFINED = {
    "keras_pixda.models.load_imagenet.load_imagenet": "downloads 170 MB",
}
# A first line names what something is, or says in the imperative what it does.
NOT_SO = re.compile(
    r"(Returns?|Gets?|Gives|Computes|Counts|Draws|Evaluates|Keeps|Looks|Makes|"
    r"Measures|Raises|Reads|Runs|Saves|Shows|Stops|Sums|Tells|Trains|Turns|Writes)\b"
)


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
    name: [textwrap.dedent(block) for block in blocks]
    for name, value in OBJECTS.items()
    if (blocks := BLOCK.findall(inspect.getdoc(value) or ""))
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # An example must not depend on where it runs.
    for block in EXAMPLES[name]:
        exec(compile(block, f"<{name}>", "exec"), {})
    assert os.listdir(tmp_path) == []


def asserts(statements):
    """Whether some statement asserts, those inside functions and classes left out."""
    for node in statements:
        if isinstance(node, ast.Assert):
            return True
        inner = [*getattr(node, "body", ()), *getattr(node, "orelse", ())]
        definition = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if not definition and asserts(inner):
            return True
    return False


def test_examples_assert():
    silent = {
        name
        for name, blocks in EXAMPLES.items()
        if not all(asserts(ast.parse(block).body) for block in blocks)
    }
    assert silent == set(ONLY_DEFINED)


def test_first_lines_speak_one_dialect():
    wrong = []
    for name, node in public_definitions():
        first = (ast.get_docstring(node) or ".").splitlines()[0]
        if NOT_SO.match(first) or not first.endswith("."):
            wrong.append(f"{name}: {first}")
    assert wrong == []


def test_errors_say_what_was_received():
    wrong = []
    for place, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and re.search(
                r"\b[Gg]ot\b", str(node.value)
            ):
                wrong.append(f"{place}:{node.lineno}: {node.value}")
    assert wrong == []


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
