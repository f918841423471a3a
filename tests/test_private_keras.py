"""Private attributes of Keras are touched in one file, each behind a guard."""

import ast
import importlib
import inspect
import pathlib

import keras
import pytest
import tensorflow as tf

import keras_pixda
from keras_pixda import private_keras
from keras_pixda.optimizers import BodyHeadOptimizer

PACKAGE = pathlib.Path(keras_pixda.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
ELSEWHERE = [path for path in FILES if path.name != "private_keras.py"]
# What does not begin with an underscore, but is promised nowhere.
UNPROMISED = {"momentums", "velocities"}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def own_names(tree):
    """Names that a file gives to functions, classes and attributes of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif not isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute) and is_own(node.value):
            yield node.attr


def is_own(value):
    """Whether a file's own object: itself in a class, or `lazy_room.py`'s package."""
    return isinstance(value, ast.Name) and value.id in ("self", "module")


def touched(tree):
    """Names of attributes that a file asks for or sets, also by `getattr` and such."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and len(node.args) > 1:
            function, name = getattr(node.func, "id", None), node.args[1]
            known = function in ("getattr", "hasattr", "setattr", "delattr")
            if known and isinstance(name, ast.Constant):
                yield name.value


def test_no_other_file_reads_private_attributes_of_keras():
    trees = {path: ast.parse(path.read_text("utf-8")) for path in ELSEWHERE}
    own = {name for tree in trees.values() for name in own_names(tree)}
    own |= {"_getframe"}  # Of Python's `sys`.
    for path, tree in trees.items():
        for name in touched(tree):
            assert name not in UNPROMISED, path
            assert not is_private(name) or name in own, f"{path} touches {name}"


def test_no_other_class_overrides_private_attributes_of_keras():
    for path in ELSEWHERE:
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        if name.endswith(("__init__", "__main__")):
            continue
        for kind in vars(importlib.import_module(name)).values():
            if not inspect.isclass(kind) or kind.__module__ != name:
                continue
            for base in kind.__mro__[1:]:
                if base.__module__.startswith("keras."):
                    both = {n for n in vars(kind) if is_private(n)} & set(vars(base))
                    # What Keras writes into every class that it sees.
                    assert both <= {"_obj_type", "_auto_config"}, (kind, both)


def gone(monkeypatch, owner, name):
    """Take an attribute of a class or object away, as if Keras had renamed it."""
    if isinstance(owner, type):
        [owner] = [kind for kind in owner.__mro__ if name in vars(kind)][:1]
    monkeypatch.delattr(owner, name)


def refuses(kind, name):
    return pytest.raises(
        RuntimeError, match=rf"Keras {keras.__version__} has no {kind}\.{name}, which"
    )


def test_a_model_that_is_built(monkeypatch):
    class Built(private_keras.BuiltModel, keras.Model):
        pass

    Built()
    gone(monkeypatch, keras.Model, "_maybe_symbolic_build")
    with refuses("Model", "_maybe_symbolic_build"):
        Built()


def test_the_pass_that_fit_begins_with(monkeypatch):
    model = keras.Sequential([keras.layers.Dense(1)])
    gone(monkeypatch, model, "_initial_epoch")
    with refuses("Sequential", "_initial_epoch"):
        private_keras.begin_at_pass(model, 1)


def test_passes_of_distributed_data():
    dataset = tf.data.Dataset.range(3)  # What TensorFlow might make of it.
    with refuses("_RangeDataset", "_cardinality"):
        private_keras.let_passes_differ(dataset)


@pytest.mark.parametrize(
    ("kind", "function", "names"),
    [
        ("Adam", private_keras.moments_of, ("_momentums", "_velocities")),
        ("SGD", private_keras.velocity_of, ("momentums",)),
    ],
)
def test_slots_of_optimizers(kind, function, names, monkeypatch):
    weight = keras.Variable([1.0, 2.0])
    for name in names:
        optimizer = getattr(keras.optimizers, kind)()
        optimizer.build([weight])
        gone(monkeypatch, optimizer, name)
        with refuses(kind, name):
            function(optimizer, weight)
    optimizer = getattr(keras.optimizers, kind)()
    optimizer.build([weight])
    gone(monkeypatch, type(optimizer), "_get_variable_index")
    with refuses(kind, "_get_variable_index"):
        function(optimizer, weight)


@pytest.mark.parametrize(
    "name", ["_model_variables_moving_average", "_trainable_variables"]
)
def test_averages_of_parts(name, monkeypatch):
    weight = keras.Variable([1.0, 2.0], name="body")
    head = keras.Variable([3.0], name="head")
    parts = [keras.optimizers.SGD(0.1, use_ema=True) for _ in range(2)]
    optimizer = BodyHeadOptimizer(
        keras.optimizers.OptimizerMap(parts[0], {".*head.*": parts[1]})
    )
    optimizer.build([head, weight])
    averages = optimizer._model_variables_moving_average
    assert [average.shape for average in averages] == [(1,), (2,)]
    gone(monkeypatch, optimizer.parts[1], name)
    with refuses("SGD", name):
        optimizer._model_variables_moving_average  # noqa: B018


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (private_keras.require_marks, "_keras_mask"),
        (private_keras.require_history, "_keras_history"),
    ],
)
def test_marks_of_tensors(check, name, monkeypatch):
    asked = []

    def require(owner, wanted):
        asked.append((hasattr(owner, wanted), wanted))
        raise RuntimeError

    check.cache_clear()
    monkeypatch.setattr(private_keras, "require", require)
    with pytest.raises(RuntimeError):
        check()
    # It is asked of something that has it, as long as Keras is as it is.
    assert asked == [(True, name)]


def test_inputs_of_a_call(monkeypatch):
    layer = keras.layers.Dense(1)
    layer(keras.Input((2,)))
    gone(monkeypatch, layer, "_inbound_nodes")
    with refuses("Dense", "_inbound_nodes"):
        private_keras.inputs_of(layer, 0)
