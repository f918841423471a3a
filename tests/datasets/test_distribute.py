"""Batches for the replicas of a strategy, here of one and of two on one processor."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.datasets import (
    FewShotDomainDataset,
    SegmentationDataset,
    distribute,
    distribute_evaluation,
)

ONE = tf.distribute.OneDeviceStrategy("cpu:0")


class Two:
    """As much of a strategy of two replicas on one machine as is asked for."""

    num_replicas_in_sync = 2
    num_input_pipelines, input_pipeline_id = 1, 0

    def distribute_datasets_from_function(self, function):
        return function(self)


@pytest.fixture
def record(make_record):
    return make_record(cities={"ulm": 5})


def numpy(batch):
    return tf.nest.map_structure(lambda part: part.numpy(), batch)


def test_one_replica_gets_whole_batches(record):
    dataset = FewShotDomainDataset(record, record, 2, 2, image_size=(12, 16))
    found = [numpy(batch) for batch in distribute(dataset, ONE)]
    assert len(found) == len(dataset) == 2
    for index, batch in enumerate(found):
        tf.nest.map_structure(np.testing.assert_array_equal, batch, dataset[index])


def test_a_pass_that_begins_in_its_midst_shortens_no_later_one(record):
    dataset = SegmentationDataset(record, 1, (12, 16), drop_remainder=True)
    dataset.first_batch = 3
    strategy, steps = tf.distribute.MirroredStrategy(["cpu:0"]), []

    class Passes(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            steps.append(0)

        def on_train_batch_end(self, batch, logs=None):
            steps[-1] += 1

        def on_epoch_end(self, epoch, logs=None):
            dataset.first_batch = 0

    class Counts(keras.Model):
        def call(self, images):
            return images[..., :1]

        def train_step(self, data):
            return {"loss": tf.zeros(())}

    with strategy.scope():
        model = Counts()
        model.compile(run_eagerly=True)
    with pytest.warns(UserWarning, match="ran out of data"):
        model.fit(
            distribute(dataset, strategy),
            epochs=3,
            verbose=0,
            shuffle=False,
            callbacks=[Passes()],
        )
    assert steps == [2, 5, 5]


def test_two_replicas_get_halves_of_every_batch(record):
    dataset = SegmentationDataset(record, 4, (12, 16), drop_remainder=True)
    halves = [numpy(batch)[0] for batch in distribute(dataset, Two())]
    assert [len(half) for half in halves] == [2, 2]
    np.testing.assert_array_equal(np.concatenate(halves), dataset[0][0])


def test_uneven_batches_are_refused(record):
    odd = SegmentationDataset(record, 5, (12, 16))
    with pytest.raises(ValueError, match="Batches of 5 cannot be divided evenly among"):
        distribute(odd, Two())
    ragged = SegmentationDataset(record, 2, (12, 16))
    with pytest.raises(ValueError, match="drop_remainder=True"):
        distribute(ragged, Two())


def test_the_last_round_of_an_evaluation_is_filled_up_with_ignored_pixels(record):
    dataset = SegmentationDataset(record, 1, (12, 16))
    batches, rounds = distribute_evaluation(dataset, Two())
    labels = [numpy(batch)[1] for batch in batches]
    assert rounds == 3
    assert len(labels) == 6
    for index in range(5):
        np.testing.assert_array_equal(labels[index], dataset[index][1])
    assert (labels[5] == 255).all()


def test_one_replica_evaluates_the_data_as_they_are(record):
    dataset = SegmentationDataset(record, 1, (12, 16))
    assert distribute_evaluation(dataset, ONE) == (dataset, None)
