"""What the replicas of a `tf.distribute` strategy share; one alone changes nothing."""

from typing import Any

import keras
from keras import ops

from keras_pixda.typing import Tensor


def number_of_replicas() -> int:
    """How many replicas train in step; 1 without a strategy."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def strategy_of(model: Any) -> Any:
    """The `tf.distribute` strategy of a model, or `None` on another backend."""
    return getattr(model, "distribute_strategy", None)


def number_of_machines(strategy: Any) -> int:
    """How many machines a strategy spans; without one, this alone."""
    if strategy is None:
        return 1
    resolver = strategy.cluster_resolver
    tasks = resolver.cluster_spec().as_dict() if resolver else {}
    return max(1, sum(len(tasks.get(kind, ())) for kind in ("chief", "worker")))


def is_chief(strategy: Any) -> bool:
    """Whether this machine is the one that writes files: the only one, or the first."""
    if number_of_machines(strategy) == 1:
        return True
    resolver = strategy.cluster_resolver
    chief = "chief" if "chief" in resolver.cluster_spec().as_dict() else "worker"
    return (resolver.task_type, resolver.task_id) == (chief, 0)


def logs_of_machines(logs: Any) -> Any:
    """Logs of a step in the shape in which Keras can take means over machines."""
    if number_of_replicas() == 1:
        return logs
    import tensorflow as tf

    if number_of_machines(tf.distribute.get_strategy()) == 1:
        return logs
    return keras.tree.map_structure(lambda value: ops.reshape(value, (1,)), logs)


def sum_over_replicas(value: Tensor) -> Tensor:
    """The sum of a float scalar over all replicas, on each of them."""
    if number_of_replicas() == 1:
        return value
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    if replica is None:  # Outside `strategy.run`, where there is one value.
        return value
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, value)


def part_of_mean(values: Tensor) -> Tensor:
    """This replica's part of the mean over all replicas' equally many values.

    Keras sums gradients over replicas, so that every loss is such a part.
    """
    return ops.mean(values) / number_of_replicas()


def all_replicas(value: Tensor) -> Tensor:
    """The values of all replicas along a new first axis, on each of them.

    Each adds its own to zeros in the others' places: the order in which a strategy
    gathers differs from one to the next.
    """
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    place = ops.one_hot(
        replica.replica_id_in_sync_group, number_of_replicas(), dtype=value.dtype
    )
    place = ops.reshape(ops.cast(place, value.dtype), (-1, *[1] * len(value.shape)))
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, place * value[None])


def roll_over_replicas(values: Tensor) -> Tensor:
    """`values` one place up along the batch, which goes on on the next replica."""
    if number_of_replicas() == 1:
        return ops.roll(values, -1, axis=0)
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    following = (replica.replica_id_in_sync_group + 1) % number_of_replicas()
    first = ops.take(all_replicas(values[0]), following, axis=0)
    return ops.concatenate([values[1:], first[None]], axis=0)
