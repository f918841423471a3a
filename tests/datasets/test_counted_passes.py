"""Every pass has its own order and augmentation, whoever runs the loop."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.datasets import (
    FewShotDomainDataset,
    SegmentationDataset,
    augmentation,
    distribute,
)

OPTIONS = {"image_size": (12, 16), "augmentation": augmentation(flip=True, colour=0.2)}


def few_shot(make_record, count=4):
    source = make_record("rendered", {"game": count})
    return FewShotDomainDataset(source, make_record("street"), 1, 2, **OPTIONS)


def segmentation(make_record, count=4):
    record = make_record(cities={"ulm": count})
    return SegmentationDataset(record, 2, label_size="image", shuffle=True, **OPTIONS)


def shots(make_record, count=4):
    source, target = make_record("rendered"), make_record(cities={"ulm": count})
    dataset = FewShotDomainDataset(source, target, count, 2, **OPTIONS)
    return dataset.target_dataset()


def repeated_shots(make_record, count=4):
    dataset = few_shot(make_record, 4)
    return dataset.target_dataset(steps=count // 2)


KINDS = [few_shot, segmentation, shots, repeated_shots]


def mean(batch):
    """A number that tells batches apart."""
    return tuple(float(np.mean(leaf)) for leaf in keras.tree.flatten(batch))


def by_epoch(dataset, epochs):
    """The batches of given epochs."""
    found = []
    for epoch in epochs:
        dataset.epoch = epoch
        found.append([mean(batch) for batch in dataset])
    assert len({tuple(batches) for batches in found}) == len(found)
    return found


def iterate(dataset):
    return [mean(batch) for batch in dataset]


def index(dataset):
    return [mean(dataset[i]) for i in range(len(dataset))]


def index_keras_count(dataset):
    return [mean(dataset[i]) for i in range(dataset.num_batches)]


def begin(dataset):
    dataset.on_epoch_begin()
    return iterate(dataset)


@pytest.mark.parametrize("loop", [iterate, index, index_keras_count, begin])
@pytest.mark.parametrize("count", [2, 6])
@pytest.mark.parametrize("kind", KINDS)
def test_a_loop_of_ones_own_gets_every_pass(kind, count, loop, make_record):
    expected = by_epoch(kind(make_record, count), range(3))
    dataset, found = kind(make_record, count), []
    for _ in range(3):
        found.append(loop(dataset))
        dataset.on_epoch_end()
    assert found == expected
    assert dataset.epoch == 3
    dataset.on_epoch_end()
    assert dataset.epoch == 3


def test_a_pass_may_end_early_and_begin_late(make_record):
    expected = by_epoch(segmentation(make_record, 8), range(3))
    dataset = segmentation(make_record, 8)
    dataset.first_batch = 3
    assert iterate(dataset) == expected[0][3:]
    dataset.on_epoch_end()
    assert mean(next(iter(dataset))) == expected[1][0]
    dataset.on_epoch_end()
    assert iterate(dataset) == expected[2]


class Seen(keras.Model):
    """A plain Keras model that keeps what `fit` hands to it."""

    def train_step(self, data):
        self.seen = [*getattr(self, "seen", []), mean(data)]
        return {"loss": 0.0}


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(("kind", "count"), [(few_shot, 6), (segmentation, 2)])
def test_fit_of_a_plain_model_begins_with_pass_0(
    kind, count, workers, looked_at, make_record
):
    expected = by_epoch(kind(make_record, count), range(4))
    dataset = kind(make_record, count)
    dataset.workers = workers
    model = Seen()
    model.compile(run_eagerly=True)
    if looked_at:
        dataset[0]
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert model.seen == sum(expected[:2], [])
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert model.seen == sum(expected, [])
    assert dataset.epoch == 4


@pytest.mark.parametrize("count", [2, 6])
def test_a_distributed_loop_gets_every_pass(count, make_record):
    expected = by_epoch(few_shot(make_record, count), range(3))
    dataset = few_shot(make_record, count)
    batches = distribute(dataset, tf.distribute.OneDeviceStrategy("/cpu:0"))
    for wanted in expected:
        assert [mean(batch) for batch in batches] == wanted
        dataset.on_epoch_end()
