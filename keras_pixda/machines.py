"""What the machines of a `tf.distribute` strategy tell each other."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_pixda.replicas import is_chief, number_of_machines

# Numbers that are sent at once: few for a word, many for a state.
SENT = 1024, 2**22


def machine_number(strategy: Any) -> int:
    """Which of the machines of a strategy this is, from 0, the one that writes."""
    if number_of_machines(strategy) == 1:
        return 0
    resolver = strategy.cluster_resolver
    if resolver.task_type == "chief":
        return 0
    return resolver.task_id + ("chief" in resolver.cluster_spec().as_dict())


def bytes_of_machines(strategy: Any, data: bytes) -> list[bytes]:
    """What every machine has to say, in their order, on each of them.

    All have to ask at the same moment of the program.

    Args:
        strategy: The `tf.distribute.Strategy`.
        data: What this one says.
    """
    machines = number_of_machines(strategy)
    if machines == 1:
        return [data]
    here = machine_number(strategy)
    sizes = np.zeros(machines, "int32")
    sizes[here] = len(data)
    sizes = _sum_over_machines(strategy, sizes)
    words = -(-sizes // 4)
    ends = np.cumsum(words)
    everything = np.zeros(ends[-1], "int32")
    own = everything[ends[here] - words[here] : ends[here]]
    own.view("uint8")[: len(data)] = np.frombuffer(data, "uint8")
    everything = _sum_over_machines(strategy, everything)
    return [
        everything[end - count : end].tobytes()[:size]
        for end, count, size in zip(ends, words, sizes, strict=True)
    ]


def done_by_all(strategy: Any, work: Callable[[], Any]) -> Any:
    """What `work` gives on this machine, if it fails on none; else all of them raise.

    Args:
        strategy: The `tf.distribute.Strategy`.
        work: What each does for itself, without the others.

    Raises:
        RuntimeError: If it failed on another machine; the message tells how. What it
            raises here is raised as it is.
    """
    result = failure = None
    try:
        result = work()
    except Exception as error:
        if number_of_machines(strategy) == 1:
            raise
        failure = error
    said = "" if failure is None else str(failure) or type(failure).__name__
    answers = bytes_of_machines(strategy, said.encode())
    if failure is not None:
        raise failure
    for number, answer in enumerate(answers):
        if answer:
            raise RuntimeError(f"Machine {number + 1} has stopped: {answer.decode()}")
    return result


def bytes_of_chief(strategy: Any, work: Callable[[], bytes]) -> bytes:
    """What `work` gives on the machine that writes, on all of them.

    Args:
        strategy: The `tf.distribute.Strategy`.
        work: What that one alone does; if it fails, all raise as in `done_by_all`.
    """
    chief = is_chief(strategy)
    data = done_by_all(strategy, lambda: work() if chief else b"")
    return bytes_of_machines(strategy, data)[0]


def _sum_over_machines(strategy, numbers):
    """The sum of int32 numbers over machines; each is nonzero on one of them."""
    size = SENT[len(numbers) > SENT[0]]
    parts = []
    for start in range(0, len(numbers), size):
        part = np.zeros(size, "int32")
        found = numbers[start : start + size]
        part[: len(found)] = found
        parts.append(_sum_of(strategy, part)[: len(found)])
    return np.concatenate(parts) if parts else numbers


def _sum_of(strategy, numbers):
    import tensorflow as tf

    here = strategy.num_replicas_in_sync // number_of_machines(strategy)

    def of_replica(context):
        # What a machine says is said by its first replica.
        first = context.replica_id_in_sync_group % here == 0
        return tf.constant(numbers if first else np.zeros_like(numbers))

    values = strategy.experimental_distribute_values_from_function(of_replica)
    sums = _summing(strategy)(values)
    return strategy.experimental_local_results(sums)[0].numpy()


@functools.cache
def _summing(strategy):
    import tensorflow as tf

    def of_replica(value):
        context = tf.distribute.get_replica_context()
        # An operation of this replica; what comes from outside is on no device.
        value = tf.identity(value)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, value)

    return tf.function(lambda values: strategy.run(of_replica, (values,)))
