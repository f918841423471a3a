"""The rooms of the package: what each may read."""

import ast
import pathlib

import keras_pixda

# From the ground up: a room reads those before it, and never one after it. Files beside
# the rooms are the ground that all stand on.
ROOMS = [
    "datasets",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "visualization",
    "models",
    "weights",
    "serving",
    "toy_scenes",
    "callbacks",
    "training",
    "methods",
    "runs",
    "comparison",
    "commands",
]
PACKAGE = pathlib.Path(keras_pixda.__file__).parent
FILES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
}


def imports(path):
    """Files of the package that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name.name}" for name in node.names]
            assert node.level == 0, f"{path} has a relative import"
        for name in names:
            if name.startswith("keras_pixda."):
                yield from files_of(name)


def files_of(name):
    """The file that a dotted name comes from."""
    if name in FILES:
        return [name]
    package, _, attribute = name.rpartition(".")
    if package in FILES:
        return [package]
    return [name for name in exports(package) if name.rpartition(".")[2] == attribute]


def exports(package):
    """Dotted names that the `__init__.py` of a package takes from its files."""
    init = PACKAGE.parent.joinpath(*package.split("."), "__init__.py")
    return [
        f"{node.module}.{name.name}"
        for node in ast.walk(ast.parse(init.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module.startswith(f"{package}.")
        for name in node.names
    ]


def room(name):
    parts = name.split(".")
    return parts[1] if len(parts) > 2 else ""


def test_every_folder_is_a_room():
    folders = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    assert folders == set(ROOMS)


def test_no_room_reads_one_above_it():
    order = {name: number for number, name in enumerate(["", *ROOMS])}
    order["cli"] = order["__main__"] = len(order)
    for name, path in FILES.items():
        if room(name) == "" and name.split(".")[1] in ("cli", "__main__"):
            continue
        for other in imports(path):
            assert order[room(other)] <= order[room(name)], f"{name} imports {other}"


def test_imports_have_no_circle():
    graph = {name: set() for name in FILES}
    for name, path in FILES.items():
        for other in imports(path):
            while other not in FILES:  # A name in a file.
                other = other.rpartition(".")[0]
            if other != name:
                graph[name].add(other)
    while graph:
        leaves = {name for name, others in graph.items() if not others}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {n: o - leaves for n, o in graph.items() if n not in leaves}
