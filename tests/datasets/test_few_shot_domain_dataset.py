import collections
import dataclasses

import keras
import numpy as np
import pytest

from keras_pixda.datasets import (
    DataError,
    FewShotDomainDataset,
    PairCache,
    augmentation,
    cut_mix,
    few_shot_domain_dataset,
    read_image,
    read_pair,
)

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


@pytest.mark.parametrize(
    "options",
    [
        {"augmentation": augmentation(crop=(16, 16))},
        {"mixing": cut_mix(probability=1)},
        {"rare_class_sampling": 0.5},
        {
            "augmentation": augmentation(scale=(0.5, 2), crop=(16, 16), colour=0.2),
            "mixing": cut_mix(),
            "rare_class_sampling": 0.1,
            "cache": "memory",
        },
    ],
)
def test_a_batch_is_a_pure_function(make_dataset, options):
    options = {"shots": 2, **options}
    first, second = make_dataset(**options), make_dataset(**options)
    first.kept = second.kept = [6, 1, 3, 2, 0]
    first.epoch = second.epoch = 4
    second[0]
    for index in (1, 0):
        assert_same(first[index], second[index])
    second.epoch = 5
    assert not np.array_equal(first[0][0]["target"], second[0][0]["target"])
    other = make_dataset(**options, seed=1)
    other.kept, other.epoch = first.kept, first.epoch
    assert not np.array_equal(first[0][0]["source"], other[0][0]["source"])


def test_the_target_alone_can_be_augmented(make_dataset):
    flip = {"target": augmentation(colour=0.5)}
    changed, plain = make_dataset(augmentation=flip), make_dataset()
    images, expected = changed[0][0], plain[0][0]
    np.testing.assert_array_equal(images["source"], expected["source"])
    assert not np.array_equal(images["target"], expected["target"])
    # Fine-tuning and distillation see the shots alike.
    shots, expected = changed.target_dataset(steps=2), plain.target_dataset(steps=2)
    assert not np.array_equal(shots[0][0], expected[0][0])
    with pytest.raises(ValueError, match="augmentation is of .'photo'."):
        make_dataset(augmentation={"photo": augmentation()})


def assert_same(batch, expected):
    for a, b in zip(batch, expected, strict=True):
        assert a.keys() == b.keys() == {"source", "target"}
        for domain in a:
            np.testing.assert_array_equal(a[domain], b[domain])


@pytest.fixture
def reads(monkeypatch):
    """Names and positions of the pairs that are decoded."""
    reads = []

    def counting(record, index, *sizes):
        reads.append((record.name, int(index)))
        return read_pair(record, index, *sizes)

    monkeypatch.setattr(few_shot_domain_dataset, "read_pair", counting)
    return reads


@pytest.mark.parametrize("place", ["memory", "folder", "shared"])
def test_cache(make_dataset, reads, tmp_path, monkeypatch, place):
    place = {"folder": tmp_path / "cache", "shared": PairCache()}.get(place, place)
    plain, cached = make_dataset(batch_size=1), make_dataset(batch_size=1, cache=place)
    for epoch in range(3):
        plain.epoch = cached.epoch = epoch
        for index in range(len(plain)):
            assert_same(cached[index], plain[index])
    counts = collections.Counter(reads)
    # Every pass of one, one pass of the other; the shots once each.
    assert {counts["rendered", index] for index in range(7)} == {3 + 1}
    assert [counts["real", index] for index in range(2)] == [2, 2]
    reads.clear()

    def refuse(path, *_):
        raise AssertionError(f"{path} is decoded again")

    monkeypatch.setattr(few_shot_domain_dataset, "read_image", refuse)
    monkeypatch.setattr("keras_pixda.datasets.segmentation_dataset.read_pair", refuse)
    batches = cached.selection_pass(batch_size=7)
    assert numbers(batches[0]["source"]) == list(range(7))
    assert len(cached.target_dataset(steps=3)[2][0]) == 1
    if not isinstance(place, str):
        again = make_dataset(batch_size=1, cache=place)
        plain.epoch = again.epoch = 1
        assert_same(again[3], plain[3])
        # The plain one decodes its source image, the other its shot.
        assert collections.Counter(name for name, _ in reads) == {
            "rendered": 1,
            "real": 1,
        }


def test_the_selection_pass_does_not_decode_labels(make_dataset, reads):
    dataset = make_dataset(cache="memory", image_size=(12, 16))
    dataset[0]
    reads.clear()
    sources = np.concatenate([b["source"] for b in dataset.selection_pass()])
    assert {name for name, _ in reads} <= {"real"}
    for (path, _), image in zip(dataset.source.pairs, sources, strict=True):
        np.testing.assert_array_equal(image, read_image(path, (12, 16)))


def test_mixing(make_dataset):
    """It gets the pairs of a batch, augmented, and a seed for each of its own."""
    calls = []

    def mixing(source, target, seed):
        calls.append((source, target, seed))
        return tuple(255 - part for part in target)

    options = {"augmentation": augmentation(crop=(16, 16)), "seed": 3}
    plain, mixed = make_dataset(**options), make_dataset(**options, mixing=mixing)
    plain.epoch = mixed.epoch = 2
    seeds = []
    for index in range(len(plain)):
        calls.clear()
        expected, batch = plain[index], mixed[index]
        assert len(calls) == 2
        for position, (source, target, seed) in enumerate(calls):
            for part in (0, 1):
                for pair, domain in ((source, "source"), (target, "target")):
                    np.testing.assert_array_equal(
                        pair[part], expected[part][domain][position]
                    )
            seeds.append(seed)
        for part in (0, 1):
            np.testing.assert_array_equal(
                batch[part]["source"], expected[part]["source"]
            )
            np.testing.assert_array_equal(
                batch[part]["target"], 255 - expected[part]["target"]
            )
    assert seeds == [(3, 2, 2, position) for position in range(6)]


def test_cut_mix_in_a_batch(make_dataset):
    plain, mixed = make_dataset(), make_dataset(mixing=cut_mix(probability=1))
    (images, labels), (mixed_images, mixed_labels) = plain[0], mixed[0]
    np.testing.assert_array_equal(mixed_images["source"], images["source"])
    np.testing.assert_array_equal(mixed_labels["source"], labels["source"])
    changed = (mixed_images["target"] != images["target"]).any(-1)
    assert 0.08 < changed.mean() < 0.52
    for part, whole in ((mixed_images, images), (mixed_labels, labels)):
        np.testing.assert_array_equal(part["target"][changed], whole["source"][changed])
        np.testing.assert_array_equal(
            part["target"][~changed], whole["target"][~changed]
        )
    # Neither the selection nor the last phase sees mixed images.
    np.testing.assert_array_equal(
        mixed.selection_pass()[0]["target"], plain.selection_pass()[0]["target"]
    )


@pytest.fixture
def make_rare(write, make_record):
    """Return a data set in which images 2 and 5 of 8 hold the rare class."""

    def make_rare(**options):
        source = make_record("rendered", {"game": 8})
        for index in range(8):
            labels = np.zeros(SIZE, np.uint8)
            labels[:2, :3] = index in (2, 5)
            write(f"rendered/masks/game/game_{index:03}.png", labels)
        target = make_record("real", {"ulm": 3})
        options = {"shots": 1, "batch_size": 2, "image_size": SIZE} | options
        return FewShotDomainDataset(source, target, **options)

    return make_rare


def drawn(dataset, epochs):
    """Return the numbers of the source images of each epoch."""
    rows = []
    for epoch in epochs:
        dataset.epoch = epoch
        batches = [dataset[index] for index in range(len(dataset))]
        rows.append([n for images, _ in batches for n in numbers(images["source"])])
        names = [dataset.batch_names(i)["source"] for i in range(len(dataset))]
        paths = [image for image, _ in dataset.source.pairs]
        assert rows[-1] == [paths.index(name) for batch in names for name in batch]
    return rows


def test_rare_class_sampling(make_rare, capsys):
    dataset = make_rare(rare_class_sampling=1.0, cache="memory")
    assert "8/8" in capsys.readouterr().out
    assert len(dataset) == 4
    rows = drawn(dataset, range(100))
    assert {len(row) for row in rows} == {8}
    assert len({tuple(row) for row in rows}) > 95
    counts = np.bincount(np.ravel(rows), minlength=8)
    # The rare class has 12 of 8 * 768 pixels; its two images hold the other as well.
    rare = 12 / (8 * 24 * 32)
    weights = np.exp([rare, 1 - rare])
    common, rare = weights / weights.sum()
    expected = np.full(8, common / 8)
    expected[[2, 5]] += rare / 2
    assert expected.sum() == pytest.approx(1)
    squares = (counts - 800 * expected) ** 2 / (800 * expected)
    assert squares.sum() < 24.3  # Chi square, 7 degrees of freedom, 1 in 1 000.
    # A low temperature leaves the rarest class alone.
    assert set(np.ravel(drawn(make_rare(rare_class_sampling=0.01), range(5)))) == {2, 5}


def test_rare_class_sampling_respects_kept(make_rare):
    dataset = make_rare(rare_class_sampling=0.01)
    dataset.kept = [0, 1, 5, 7]
    assert len(dataset) == 2
    assert set(np.ravel(drawn(dataset, range(5)))) == {5}
    dataset.kept = [0, 1, 7]
    assert len(dataset) == 1
    assert set(np.ravel(drawn(dataset, range(20)))) == {0, 1, 7}


def test_rare_class_sampling_skips_what_cannot_be_read(make_rare, write):
    dataset, stopping = (make_rare(on_bad_file=do) for do in ("skip", "stop"))
    write("rendered/masks/game/game_002.png", 9)
    dataset.rare_class_sampling = 0.01
    assert set(np.ravel(drawn(dataset, range(5)))) == {5}
    with pytest.raises(DataError, match=r"game_002\.png: holds ids"):
        stopping.rare_class_sampling = 0.01
    assert stopping.rare_class_sampling is None


@pytest.mark.parametrize("temperature", [0, -1.0, float("inf"), float("nan"), True])
def test_bad_temperature(make_rare, temperature):
    with pytest.raises(ValueError, match="rare_class_sampling must be a positive"):
        make_rare(rare_class_sampling=temperature)


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
        ([0, 7], r"kept must lie in 0..6, received 0..7"),
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
