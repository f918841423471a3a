"""The files of the package as syntax trees, for tests of how it is written."""

import ast
import pathlib

import keras_pixda

PACKAGE = pathlib.Path(keras_pixda.__file__).parent
# Rooms and files whose examples, words and types are still being put in order.
STILL_TO_COME = (
    *(
        "comparison",
        "runs/present_table.py",
        "visualization/iou_table.py",
        "progress.py",
    ),
    *("visualization/shots_figure.py", "callbacks/progress_line.py"),
)


def in_order(path):
    """Whether the rules hold for a file, given by its path in the package."""
    return not path.startswith(STILL_TO_COME)


def trees():
    """Path in the package and syntax tree of each file that is in order."""
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if in_order(place):
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
