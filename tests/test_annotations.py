"""Public signatures have types."""

import ast

from tests.package_files import public_definitions


def without_types(node):
    """Arguments of a function, and its result, that have no annotation."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    variadic = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    names = [
        a.arg
        for a in (*named, *variadic)
        if a.annotation is None and a.arg not in ("self", "cls")
    ]
    if node.returns is None and node.name != "__init__":
        names.append("the result")
    return names


def test_public_signatures_have_types():
    missing = {}
    for name, node in public_definitions():
        functions = [node]
        if isinstance(node, ast.ClassDef):
            # A class is called as its constructor.
            functions = [f for f in node.body if getattr(f, "name", "") == "__init__"]
        for function in functions:
            if names := without_types(function):
                missing[name] = names
    assert missing == {}
