import collections
import dataclasses

import keras
import numpy as np
import pytest

from keras_pixda.datasets import FewShotDomainDataset, augmentation, read_pair

SIZE = (24, 32)


@pytest.fixture
def make_dataset(make_record):
    source = make_record("rendered", {"game": 7})
    target = make_record("real", {"ulm": 3, "bonn": 2})

    def make_dataset(**options):
        options = {"shots": 1, "batch_size": 2, "image_size": SIZE} | options
        return FewShotDomainDataset(source, target, **options)

    return make_dataset


def numbers(images):
    """Return the numbers that `make_record` hid in the first pixels."""
    return [int(image[0, 0, 0]) for image in images]


def test_batch(make_dataset):
    dataset = make_dataset()
    assert len(dataset) == dataset.num_batches == 3
    images, labels = dataset[1]
    names = dataset.batch_names(1)
    for domain, record in (("source", dataset.source), ("target", dataset.target)):
        assert images[domain].shape == (2, *SIZE, 3)
        assert labels[domain].shape == (2, *SIZE)
        assert images[domain].dtype == labels[domain].dtype == np.uint8
        paths = [image for image, _ in record.pairs]
        for position, name in enumerate(names[domain]):
            image, mask = read_pair(record, paths.index(name))
            np.testing.assert_array_equal(images[domain][position], image)
            np.testing.assert_array_equal(labels[domain][position], mask)


def test_image_size_is_label_size(make_dataset):
    images, labels = make_dataset(image_size=(6, 8))[0]
    assert images["target"].shape == (2, 6, 8, 3)
    assert labels["source"].shape == (2, 6, 8)


def test_an_epoch_is_a_pass_over_the_source(make_dataset):
    dataset = make_dataset(batch_size=1)
    epochs = []
    for epoch in range(3):
        dataset.epoch = epoch
        epochs.append([numbers(images["source"])[0] for images, _ in dataset])
        assert sorted(epochs[-1]) == list(range(7))
    assert len({tuple(order) for order in epochs}) == 3
    assert epochs[0] != [
        numbers(images["source"])[0] for images, _ in make_dataset(batch_size=1, seed=1)
    ]


def test_each_shot_is_seen_equally_often(make_dataset):
    dataset = make_dataset(shots=2, batch_size=3)
    assert len(dataset.target) == 4
    seen = collections.Counter()
    for epoch in range(5):
        dataset.epoch = epoch
        for index in range(len(dataset)):
            seen.update(dataset.batch_names(index)["target"])
            counts = [seen[image] for image, _ in dataset.target.pairs]
            assert max(counts) - min(counts) <= 1
    assert sum(counts) == 5 * 2 * 3


def test_a_batch_is_a_pure_function(make_dataset):
    options = {"augmentation": augmentation(crop=(16, 16)), "shots": 2}
    first, second = make_dataset(**options), make_dataset(**options)
    first.kept = second.kept = [6, 1, 3, 2, 0]
    first.epoch = second.epoch = 4
    second[0]
    for index in (1, 0):
        for a, b in zip(first[index], second[index], strict=True):
            for domain in ("source", "target"):
                np.testing.assert_array_equal(a[domain], b[domain])
    second.epoch = 5
    assert not np.array_equal(first[0][0]["target"], second[0][0]["target"])


def test_kept(make_dataset):
    dataset = make_dataset()
    np.testing.assert_array_equal(dataset.kept, np.arange(7))
    dataset.kept = [5, 0, 4, 2]
    np.testing.assert_array_equal(dataset.kept, [0, 2, 4, 5])
    assert len(dataset) == 2
    seen = [number for images, _ in dataset for number in numbers(images["source"])]
    assert sorted(seen) == [0, 2, 4, 5]
    dataset.kept = []
    assert len(dataset) == 0
    for kept, message in (
        ([0, 7], r"kept must lie in 0..6, got 0..7"),
        ([-1, 2], "kept must lie in 0..6"),
        ([1, 1], "twice"),
        ([0.5], "integers"),
        ([True, False], "integers"),
        ([[1]], "integers"),
    ):
        with pytest.raises(ValueError, match=message):
            dataset.kept = kept
    with pytest.raises(ValueError, match="read-only"):
        make_dataset().kept[0] = 3


def test_selection_pass(make_dataset):
    dataset = make_dataset(augmentation=augmentation(crop=(8, 8)))
    dataset.kept = [1, 2, 3, 5, 6]
    batches = dataset.selection_pass()
    dataset.kept = [1]
    assert len(batches) == 3
    index = np.concatenate([batch["index"] for batch in batches])
    assert index.dtype == np.int64
    np.testing.assert_array_equal(index, [1, 2, 3, 5, 6])
    sources = np.concatenate([batch["source"] for batch in batches])
    assert numbers(sources) == [1, 2, 3, 5, 6]
    targets = np.concatenate([batch["target"] for batch in batches])
    shots = [read_pair(dataset.target, i % 2)[0] for i in range(5)]
    np.testing.assert_array_equal(targets, shots)
    assert len(dataset.selection_pass(batch_size=1)) == 1
    with pytest.raises(IndexError):
        batches[3]


def test_target_dataset(make_dataset):
    dataset = make_dataset(shots=2, image_size=(12, 16), batch_size=3)
    shots = dataset.target_dataset()
    assert [labels.shape for _, labels in shots] == [(3, 12, 16), (1, 12, 16)]
    shots = dataset.target_dataset(batch_size=2, steps=5)
    assert len(shots) == 5
    seen = collections.Counter(image for image, _ in shots.record.pairs)
    assert sorted(seen.values()) == [2, 2, 3, 3]
    assert dataset.target_dataset(label_size="native")[0][1].shape == (3, 24, 32)


class Recorder(keras.Model):
    """A model that only keeps what `fit` hands to it."""

    def train_step(self, data):
        self.seen = [*getattr(self, "seen", []), flat(data)]
        return {"loss": 0.0}


def flat(batch):
    return [np.array(part[domain]) for part in batch for domain in sorted(part)]


@pytest.mark.parametrize("workers", [1, 3])
def test_fit(make_dataset, workers):
    """The threads hand over the batches of each epoch, whole and in order."""
    dataset = make_dataset(workers=workers, augmentation=augmentation(crop=(8, 8)))
    model = Recorder()
    model.compile(run_eagerly=True)
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert dataset.epoch == 2
    expected = []
    for epoch in range(2):
        dataset.epoch = epoch
        expected += [flat(batch) for batch in dataset]
    assert len(model.seen) == len(expected) == 6
    for seen, wanted in zip(model.seen, expected, strict=True):
        for a, b in zip(seen, wanted, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_broken_file_stops_fit_by_name(make_dataset, write, workers):
    dataset = make_dataset(workers=workers)
    write("rendered/images/game/game_003.png", None).write_bytes(b"")
    model = Recorder()
    model.compile(run_eagerly=True)
    with pytest.raises(Exception, match=r"game_003\.png: the file is empty"):
        model.fit(dataset, shuffle=False, verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 8}, "batch_size 8 is larger than rendered, 7 pairs"),
        ({"batch_size": 0}, "batch_size must be a positive integer"),
        ({"image_size": 12}, "image_size"),
        ({"shots": 3}, "real: city bonn has 2 images, 3 shots"),
    ],
)
def test_bad_arguments(make_dataset, options, message):
    with pytest.raises(ValueError, match=message):
        make_dataset(**options)


def test_classes_must_be_the_same(make_record):
    source = make_record()
    target = dataclasses.replace(source, classes=("road", "car"), name="real")
    with pytest.raises(
        ValueError, match="same classes: street has .* real has .*'car'"
    ):
        FewShotDomainDataset(source, target, 1, 1, SIZE)
