"""The files of the package as syntax trees, for tests of how it is written."""

import ast
import pathlib

import keras_pixda

PACKAGE = pathlib.Path(keras_pixda.__file__).parent


def trees():
    """Path in the package and syntax tree of each file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        yield place, ast.parse(path.read_text("utf-8"))


def public(body):
    """Public functions and classes among statements."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [
        node
        for node in body
        if isinstance(node, kinds) and not node.name.startswith("_")
    ]


def public_definitions():
    """Place and node of every public function, class and method, with its class."""
    for place, tree in trees():
        for node in public(tree.body):
            yield f"{place}: {node.name}", node
            if isinstance(node, ast.ClassDef):
                for method in public(node.body):
                    yield f"{place}: {node.name}.{method.name}", method
