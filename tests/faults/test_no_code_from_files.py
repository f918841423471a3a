"""Nothing in the package can run what a file holds."""

import ast
import pathlib

import keras_pixda

ROOT = pathlib.Path(keras_pixda.__file__).parent
BUILT_IN = {"eval", "exec", "compile", "__import__"}
METHODS = {"eval", "exec", "system", "popen", "unsafe_load"}
MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "torch"}
# Arguments that open a door, and the value that keeps it shut.
DOORS = {"allow_pickle": False, "safe_mode": True, "shell": False, "weights_only": True}


def found_in(source):
    """The lines of what is forbidden, and what it is."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None)
            method = getattr(node.func, "attr", None)
            if name in BUILT_IN or method in METHODS:
                yield node.lineno, name or method
            for keyword in node.keywords:
                shut = DOORS.get(keyword.arg)
                if shut is not None and getattr(keyword.value, "value", None) != shut:
                    yield node.lineno, keyword.arg
            given = {keyword.arg for keyword in node.keywords}
            if method == "load_model" and "safe_mode" not in given:
                yield node.lineno, "load_model without safe_mode"
            if method == "load" and getattr(node.func.value, "id", None) == "yaml":
                yield node.lineno, "yaml.load"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None), *(a.name for a in node.names)]
            for name in filter(None, names):
                if name.split(".")[0] in MODULES:
                    yield node.lineno, name


def test_what_is_forbidden_is_seen():
    for source in (
        "eval('1')",
        "builtins.exec(x)",
        "import pickle",
        "from torch.serialization import load",
        "numpy.load(x, allow_pickle=True)",
        "keras.saving.load_model(x)",
        "keras.saving.load_model(x, safe_mode=False)",
        "keras.saving.load_model(x, safe_mode=trusted)",
        "yaml.load(x, Loader)",
        "from yaml import unsafe_load; yaml.unsafe_load(x)",
        "os.system(x)",
    ):
        assert list(found_in(source)), source
    assert not list(found_in("re.compile('a'); model.compile(); import pickletools"))


def test_the_package_does_not_do_it():
    paths = sorted(ROOT.rglob("*.py"))
    assert len(paths) > 100
    found = [
        (path.relative_to(ROOT), *what)
        for path in paths
        for what in found_in(path.read_text("utf-8"))
    ]
    assert found == []
