import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda import replicas
from keras_pixda.metrics import SegmenterEvaluator
from keras_pixda.private_keras import BuiltModel
from keras_pixda.training import FewShotModel, SupervisedModel


def test_alone_each_changes_nothing():
    values = keras.ops.array([[1.0, 2.0], [5.0, 8.0]])
    assert replicas.number_of_replicas() == 1
    assert replicas.number_of_machines(tf.distribute.get_strategy()) == 1
    assert replicas.is_chief(tf.distribute.get_strategy())
    assert replicas.sum_over_replicas(3.0) == 3.0
    assert replicas.logs_of_machines({"loss": 1.0}) == {"loss": 1.0}
    assert float(replicas.part_of_mean(values)) == 4.0
    rolled = keras.ops.convert_to_numpy(replicas.roll_over_replicas(values))
    np.testing.assert_array_equal(rolled, [[5.0, 8.0], [1.0, 2.0]])


class Cluster:
    """What a strategy of several machines says of itself."""

    def __init__(self, cluster, task_type, task_id):
        self.cluster_resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec(cluster), task_type=task_type, task_id=task_id
        )


@pytest.mark.parametrize(
    ("cluster", "task", "chief"),
    [
        ({"worker": ["a:1", "b:1"]}, ("worker", 0), True),
        ({"worker": ["a:1", "b:1"]}, ("worker", 1), False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("worker", 0), False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("chief", 0), True),
    ],
)
def test_one_machine_writes(cluster, task, chief):
    strategy = Cluster(cluster, *task)
    assert replicas.number_of_machines(strategy) == 2
    assert replicas.is_chief(strategy) is chief


@pytest.mark.parametrize("kind", [FewShotModel, SupervisedModel, SegmenterEvaluator])
def test_keras_still_asks_for_what_is_overridden(kind, monkeypatch):
    """Under a strategy Keras builds through a private method that models turn off.

    Should Keras rename it, the models would have to turn off its successor.
    """
    assert issubclass(kind, BuiltModel)
    asked = []
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain.compile("sgd", "mse")
    monkeypatch.setattr(
        type(plain), "_maybe_symbolic_build", lambda *args, **kwargs: asked.append(1)
    )
    plain.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    plain.evaluate(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    plain.train_on_batch(np.ones((2, 2)), np.ones((2, 1)))
    assert len(asked) == 3
