"""Divide the judging of source images among the replicas of a strategy."""

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_pixda.replicas import all_replicas


class ShareOfReplicas:
    """A selection pass in rounds; in each, every replica judges a batch of its own.

    A machine reads the batches of its own replicas alone, and all get all scores, so
    that all select alike.

    Args:
        batches: The whole `SelectionPass`.
        strategy: The `tf.distribute.Strategy`.
    """

    def __init__(
        self, batches: keras.utils.PyDataset, strategy: tf.distribute.Strategy
    ):
        self.batches = batches
        self.strategy = strategy
        self.num_batches = math.ceil(batches.num_batches / self._replicas)

    @property
    def _replicas(self):
        return self.strategy.num_replicas_in_sync

    def __getitem__(self, number: int) -> dict[str, Any]:
        def of_replica(replica):
            first = number * self._replicas
            place = first + replica.replica_id_in_sync_group
            # The last round is filled up with the last image.
            batch = self.batches[min(place, self.batches.num_batches - 1)]
            everyone = range(self.batches.batch_size)
            return {
                domain: tf.constant(batch[domain].take(everyone, 0, mode="clip"))
                for domain in ("source", "target")
            }

        size = self._replicas * self.batches.batch_size
        return {
            **self.strategy.experimental_distribute_values_from_function(of_replica),
            # Scores beyond these are of what filled the round up.
            "index": self.batches.kept[number * size : (number + 1) * size],
        }

    def on_every_replica(self, score: Callable) -> Callable:
        """A function of one round that returns its scores in the order of the pass."""

        def of_replica(source, target):
            return all_replicas(score(source, target))

        @tf.function(reduce_retracing=True)
        def of_round(source, target):
            scores = self.strategy.run(of_replica, (source, target))
            scores = self.strategy.experimental_local_results(scores)[0]
            return tf.reshape(scores, (-1,))

        return of_round
