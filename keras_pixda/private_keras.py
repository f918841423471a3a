"""What this package takes from Keras that is not public, and why; nothing else does.

Keras may rename any of it. Then what needs it stops with one error, that names the
version of Keras, in place of a wrong number or an error from somewhere within.
"""

import functools
from typing import Any

import keras
import numpy as np

from keras_pixda.typing import Tensor


def require(owner: object, *names: str) -> None:
    """Raise unless something of Keras has some private attributes.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import require

    require(keras.Model, "_maybe_symbolic_build")
    try:
        require(keras.optimizers.SGD(), "_gone")
    except RuntimeError as error:
        message = str(error)
    assert f"Keras {keras.__version__} has no SGD._gone" in message
    ```

    Args:
        owner: An object or class of Keras.
        *names: Of its attributes.

    Raises:
        RuntimeError: If it has one of them not.
    """
    for name in names:
        if not hasattr(owner, name):
            kind = owner if isinstance(owner, type) else type(owner)
            raise RuntimeError(
                f"Keras {keras.__version__} has no {kind.__name__}.{name}, which "
                "keras_pixda needs and Keras never promised: take Keras 3.15, or a "
                "later version of keras_pixda."
            )


# === Models ===


class BuiltModel:
    """Part of a model that Keras need not build: the networks inside are.

    `_maybe_symbolic_build`: under a strategy Keras would take the mean of a first batch
    over all replicas to build by, which several machines cannot do with dictionaries;
    there is no public way to say that a model needs none. Without it, training on
    several machines breaks at the first batch.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.private_keras import BuiltModel

    class Doubled(BuiltModel, keras.Model):
        def __init__(self):
            super().__init__()
            self.built = True

        def call(self, x):
            return 2 * x

    assert Doubled().predict(np.ones((1, 1)), verbose=0) == 2.0
    ```
    """

    def __init__(self, *args: Any, **kwargs: Any):
        if keras.backend.backend() == "tensorflow":
            require(keras.Model, "_maybe_symbolic_build")
        super().__init__(*args, **kwargs)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        pass


def begin_at_pass(model: keras.Model, number: int | None) -> None:
    """Let `fit`, which has just begun, go on from another pass.

    `_initial_epoch`: the pass is read from the saved state in `on_train_begin`, when
    `fit` has its `initial_epoch` already; `keras.callbacks.BackupAndRestore` does the
    same. Without it a resumed training would begin at its first pass.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import begin_at_pass

    model = keras.Sequential([keras.layers.Dense(1)])
    begin_at_pass(model, 3)
    assert model._initial_epoch == 3
    ```

    Args:
        model: A `keras.Model`.
        number: Of the pass, from 0, or `None` for what `fit` is told.
    """
    require(model, "_initial_epoch")
    model._initial_epoch = number


def let_passes_differ(dataset: Any) -> None:
    """Let each pass over a distributed data set be as long as it is.

    `_cardinality`, of TensorFlow: of data of unknown length Keras takes that of the
    first pass for all, and cuts off later ones. A training that was resumed in midst
    of a pass would go on in passes as short as what was left of that one.

    Example:

    ```python
    import tensorflow as tf
    from keras_pixda.private_keras import let_passes_differ

    strategy = tf.distribute.MirroredStrategy(["cpu:0"])
    dataset = strategy.distribute_datasets_from_function(
        lambda context: tf.data.Dataset.range(9).take_while(lambda x: x < 3)
    )
    assert dataset.cardinality < 0  # Not known.
    let_passes_differ(dataset)
    assert dataset.cardinality > 9  # Keras reads until there is no more.
    ```

    Args:
        dataset: A `tf.distribute.DistributedDataset`.
    """
    require(dataset, "_cardinality")
    dataset._cardinality = np.int64(2**62)


def layers_of(model: keras.Model) -> list[keras.layers.Layer]:
    """All layers of a model, those inside other layers and models too, each once.

    `_flatten_layers`: `layers` is public, but ends at a layer that has layers of its
    own, as the blocks of keras-hub. Without it, batch normalisations there would be
    trained where they are to be frozen.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import layers_of

    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="inside")])
    outer = keras.Sequential([inner])
    assert "inside" in [layer.name for layer in layers_of(outer)]
    ```

    Args:
        model: A `keras.Model`.

    Returns:
        A list.
    """
    require(model, "_flatten_layers")
    return [*{id(layer): layer for layer in model._flatten_layers()}.values()]


def is_functional(model: keras.Model) -> bool:
    """Whether a model is a graph of layers and nothing else.

    `_run_through_graph`, `_standardize_inputs`: what `run_operations` goes by. Without
    them no model is taken for one, and training runs Keras's own operations.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import is_functional

    images = keras.Input((4,))
    assert is_functional(keras.Model(images, keras.layers.Dense(1)(images)))
    assert not is_functional(keras.Sequential([images, keras.layers.Dense(1)]))
    ```

    Args:
        model: A `keras.Model`.
    """
    names = "_run_through_graph", "_standardize_inputs", "operations"
    if not all(hasattr(type(model), name) for name in names):
        return False
    # One that a user has given a call of its own does more than its graph says.
    plain = type(model).call is _functional().call
    return plain and type(model).__call__ is keras.Model.__call__


@functools.cache
def _functional():
    """The class of functional models, which has no public name."""
    x = keras.Input((1,))
    return type(keras.Model(x, x))


def run_operations(model: keras.Model, inputs: Any, replacement: Any) -> Any:
    """What a functional model gives in training, some of its operations replaced.

    `_run_through_graph`, `_standardize_inputs`, `_call_context_args`: as Keras's own
    `Functional.call`, with which only the operations differ.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import run_operations

    x = keras.Input((2,))
    model = keras.Model(x, keras.layers.ReLU()(x))
    doubled = run_operations(model, keras.ops.ones((1, 2)), lambda _: lambda x: 2 * x)
    assert doubled[0, 0] == 2.0
    ```

    Args:
        model: A `keras.Model` that `is_functional`.
        inputs: Tensors as the model takes them.
        replacement: Function of an operation, which answers another to call in its
            place, without `training`, or `None`.

    Returns:
        Its output or outputs.
    """

    def operation_to_run(operation):
        other = replacement(operation)

        def run(*args, training=None, **kwargs):  # Keras, too, drops what was recorded.
            if other is not None:
                return other(*args, **kwargs)
            if "training" in getattr(operation, "_call_context_args", ()):
                kwargs["training"] = True
            return operation(*args, **kwargs)

        return run

    inputs = model._standardize_inputs(inputs)
    outputs = model._run_through_graph(inputs, operation_fn=operation_to_run)
    one = isinstance(outputs, list | tuple) and len(outputs) == 1
    return outputs[0] if one else outputs


# === Optimizers ===


def moments_of(adam: keras.optimizers.Adam, variable: keras.Variable) -> tuple:
    """The two moments that an Adam keeps of a variable.

    `_momentums`, `_velocities`, `_get_variable_index`: an `update_step` of one's own
    has no other way to the slots of Keras's Adam, whose files it shares. Without them
    `BiasCorrectedAdam` cannot update.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import moments_of

    weight, adam = keras.Variable([1.0, 2.0]), keras.optimizers.Adam()
    adam.build([weight])
    first, second = moments_of(adam, weight)
    assert first.shape == second.shape == (2,)
    ```

    Args:
        adam: A built `keras.optimizers.Adam`.
        variable: One that it updates.

    Returns:
        Two variables.
    """
    require(adam, "_momentums", "_velocities", "_get_variable_index")
    index = adam._get_variable_index(variable)
    return adam._momentums[index], adam._velocities[index]


def velocity_of(sgd: keras.optimizers.SGD, variable: keras.Variable) -> keras.Variable:
    """The velocity that an SGD with momentum keeps of a variable.

    `momentums`, which is not documented, and `_get_variable_index`: as in `moments_of`,
    for `CoupledSGD`.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import velocity_of

    weight, sgd = keras.Variable([1.0, 2.0]), keras.optimizers.SGD(momentum=0.9)
    sgd.build([weight])
    assert velocity_of(sgd, weight).shape == (2,)
    ```

    Args:
        sgd: A built `keras.optimizers.SGD` with momentum.
        variable: One that it updates.

    Returns:
        A variable.
    """
    require(sgd, "momentums", "_get_variable_index")
    return sgd.momentums[sgd._get_variable_index(variable)]


class AverageOfParts:
    """Part of a `MultiOptimizer` whose `parts` keep averages of the weights.

    `_model_variables_moving_average`, in the order of `_trainable_variables`, is where
    `keras.callbacks.SwapEMAWeights` looks in one optimizer. Without them it cannot swap
    the weights of a model that is trained at two rates.
    """

    @property
    def _model_variables_moving_average(self):
        averages = {}
        for part in self.parts:
            if part.use_ema:  # Others have none by right, which Keras says itself.
                require(part, "_model_variables_moving_average")
            require(part, "_trainable_variables")
            pairs = part._trainable_variables, part._model_variables_moving_average
            for variable, average in zip(*pairs, strict=True):
                averages[id(variable)] = average
        return [averages[id(variable)] for variable in self._trainable_variables]


# === Tensors ===


def leaves_pixels_out(values: Tensor) -> bool:
    """Whether a loss function of Keras has marked pixels that its mean leaves out.

    `_keras_mask`: Keras's cross-entropies with `ignore_class` say so in no other way.
    Without it a mean in parts of a batch would be over other pixels than Keras's.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.private_keras import leaves_pixels_out

    labels, logits = np.array([0, 1]), np.zeros((2, 2), "float32")
    entropy = keras.losses.sparse_categorical_crossentropy
    assert leaves_pixels_out(entropy(labels, logits, ignore_class=1))
    assert not leaves_pixels_out(entropy(labels, logits))
    ```

    Args:
        values: What the function gave.
    """
    require_marks()
    return getattr(values, "_keras_mask", None) is not None


@functools.cache
def require_marks() -> None:
    """Raise unless Keras's cross-entropy still marks what it leaves out."""
    labels, logits = keras.ops.zeros((1,), "int32"), keras.ops.ones((1, 2))
    entropy = keras.losses.sparse_categorical_crossentropy
    require(entropy(labels, logits, True, ignore_class=0), "_keras_mask")


def history_of(tensor: keras.KerasTensor) -> tuple | None:
    """The operation, call and place that a symbolic tensor comes from, or `None`.

    `_keras_history`: to refuse a segmenter that ends in softmax, its graph is read
    backwards; public is only the way forward. Without it such a segmenter is trained
    as if it gave logits.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import history_of

    inputs = keras.Input((2,))
    dense = keras.layers.Dense(1)
    assert history_of(dense(inputs))[0] is dense
    ```

    Args:
        tensor: A `keras.KerasTensor`.
    """
    require_history()
    return getattr(tensor, "_keras_history", None)


@functools.cache
def require_history() -> None:
    """Raise unless symbolic tensors of Keras still know where they come from."""
    require(keras.Input((1,)), "_keras_history")


def inputs_of(operation: keras.Operation, call: int) -> list:
    """The symbolic tensors that an operation was given in a call.

    `_inbound_nodes`: as in `history_of`; an operation that was called several times has
    no public `input`.

    Example:

    ```python
    import keras
    from keras_pixda.private_keras import inputs_of

    inputs = keras.Input((2,))
    dense = keras.layers.Dense(1)
    dense(inputs)
    assert inputs_of(dense, 0) == [inputs]
    ```

    Args:
        operation: A layer or `keras.Operation`.
        call: Number of the call, from 0.

    Returns:
        A list.
    """
    require(operation, "_inbound_nodes")
    return operation._inbound_nodes[call].input_tensors
