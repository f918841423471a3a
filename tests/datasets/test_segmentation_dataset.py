import pathlib

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import (
    DataError,
    SegmentationDataset,
    augmentation,
    read_pair,
    segmentation_dataset,
)


def test_batches(make_record):
    record = make_record(cities={"ulm": 5})
    dataset = SegmentationDataset(record, batch_size=2, image_size=(12, 16))
    assert len(dataset) == dataset.num_batches == 3
    images, labels = dataset[1]
    assert images.shape == (2, 12, 16, 3)
    assert images.dtype == labels.dtype == np.uint8
    for position, index in enumerate((2, 3)):
        np.testing.assert_array_equal(
            labels[position], np.asarray(Image.open(record.pairs[index][1]))
        )
        np.testing.assert_array_equal(
            images[position], read_pair(record, index, (12, 16))[0]
        )
    assert dataset[2][0].shape[0] == 1
    with pytest.raises(IndexError):
        dataset[3]
    dropped = SegmentationDataset(record, 2, (12, 16), drop_remainder=True)
    assert len(dropped) == len(list(dropped)) == 2


@pytest.mark.parametrize(
    ("label_size", "shape"),
    [("image", (12, 16)), ((6, 8), (6, 8)), ("native", (24, 32))],
)
def test_label_size(make_record, label_size, shape):
    dataset = SegmentationDataset(
        make_record(), image_size=(12, 16), label_size=label_size
    )
    assert dataset[0][1].shape == (1, *shape)


def test_shuffle_is_seeded_and_changes_with_the_epoch(make_record):
    record = make_record(cities={"ulm": 8})

    def order(dataset):
        return [int(images[0, 0, 0, 0]) for images, _ in dataset]

    options = {"image_size": (24, 32), "shuffle": True}
    dataset, again = (SegmentationDataset(record, **options) for _ in range(2))
    first = order(dataset)
    assert sorted(first) == list(range(8))
    assert first != list(range(8))
    dataset.epoch = 1
    assert order(dataset) != first
    assert order(again) == first
    assert order(SegmentationDataset(record, seed=1, **options)) != first


def test_augmentation_is_a_function_of_seed_epoch_and_place(make_record):
    dataset = SegmentationDataset(
        make_record(),
        batch_size=4,
        image_size=(24, 32),
        label_size="image",
        augmentation=augmentation(crop=(8, 8)),
    )
    images, labels = dataset[0]
    assert images.shape == (4, 8, 8, 3)
    assert labels.shape == (4, 8, 8)
    np.testing.assert_array_equal(images, dataset[0][0])
    dataset.epoch = 1
    assert not np.array_equal(images, dataset[0][0])


@pytest.mark.parametrize("label_size", ["image", (6, 8), "native"])
def test_cache(make_record, monkeypatch, label_size):
    options = {"batch_size": 2, "image_size": (12, 16), "label_size": label_size}
    record = make_record()
    plain = SegmentationDataset(record, **options)
    cached = SegmentationDataset(record, **options, cache="memory")
    assert plain.cache is None
    reads = []

    def counting(*arguments):
        reads.append(arguments[1])
        return read_pair(*arguments)

    monkeypatch.setattr(segmentation_dataset, "read_pair", counting)
    first = list(cached)
    assert reads == [0, 1, 2, 3]
    again = list(cached)
    assert reads == [0, 1, 2, 3]
    for batch, other, expected in zip(first, again, plain, strict=True):
        for part in (0, 1):
            np.testing.assert_array_equal(batch[part], expected[part])
            np.testing.assert_array_equal(other[part], expected[part])


def test_epoch_counts_only_whole_epochs(make_record):
    dataset = SegmentationDataset(make_record(), image_size=(12, 16))
    dataset.on_epoch_end()
    assert dataset.epoch == 0
    for _ in range(2):
        dataset.on_epoch_begin()
        dataset.on_epoch_end()
        dataset.on_epoch_end()
    assert dataset.epoch == 2


@pytest.fixture
def make_mixed(make_record, write):
    """Return `make_mixed(*sizes)`: a record of pairs of these sizes."""

    def make_mixed(*sizes):
        record = make_record(cities={"ulm": len(sizes)})
        for number, (height, width) in enumerate(sizes):
            image = np.full((height, width, 3), number, np.uint8)
            write(f"street/images/ulm/ulm_{number:03}.png", image)
            mask = np.full((height, width), number % 2, np.uint8)
            write(f"street/masks/ulm/ulm_{number:03}.png", mask)
        return record

    return make_mixed


def numbers(dataset):
    return [batch[0][:, 0, 0, 0].tolist() for batch in dataset]


def test_a_batch_holds_masks_of_one_size(make_mixed):
    wide, high, small = (12, 16), (16, 12), (6, 8)
    record = make_mixed(wide, high, wide, small, wide, high, wide, wide, wide)
    dataset = SegmentationDataset(record, 2, (12, 16))
    batches = [dataset[index] for index in range(len(dataset))]
    found = [[0, 2], [1, 5], [4, 6], [7, 8], [3]]
    assert numbers(batches) == found
    sizes = [labels.shape[1:] for _, labels in batches]
    assert sizes == [wide, high, wide, wide, small]
    for index, (images, labels) in enumerate(batches):
        assert images.shape[1:] == (12, 16, 3)
        assert (labels == (images[:, :1, :1, 0] % 2)).all()
        names = [record.pairs[number][0] for number in found[index]]
        assert dataset.batch_names(index) == names
    # An interrupted pass goes on where it was.
    dataset.first_batch = 3
    assert len(dataset) == 2
    assert numbers([dataset[0], dataset[1]]) == found[3:]
    with pytest.raises(IndexError):
        dataset[2]
    dropping = SegmentationDataset(record, 2, (12, 16), drop_remainder=True)
    assert len(dropping) == 4
    assert numbers(dropping) == found[:4]
    # Labels of a given size are as alike as ever.
    resized = SegmentationDataset(record, 4, (12, 16), label_size="image")
    assert numbers(resized) == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    assert not resized.mixed_sizes


def test_mixed_sizes_are_shuffled_anew_in_every_epoch(make_mixed):
    record = make_mixed(*[(12, 16), (16, 12), (6, 8)] * 4)
    options = {"batch_size": 3, "image_size": (12, 16), "shuffle": True}
    dataset, again = (SegmentationDataset(record, **options) for _ in range(2))
    seen = []
    for epoch in (0, 1, 0):
        dataset.epoch = again.epoch = epoch
        seen.append(numbers(dataset))
        assert seen[-1] == numbers([again[index] for index in range(len(again))])
        assert sorted(sum(seen[-1], [])) == [*range(12)]
        assert all(len({n % 3 for n in batch}) == 1 for batch in seen[-1])
    assert seen[0] == seen[2] != seen[1]


def test_a_hundred_and_one_sizes_are_batches_of_one(make_mixed):
    record = make_mixed(*[(4 + number, 8) for number in range(101)])
    dataset = SegmentationDataset(record, 4, (4, 4))
    assert len(dataset) == 101
    assert dataset[100][1].shape == (1, 104, 8)
    with pytest.raises(ValueError, match="101 sizes, none of them 2 times"):
        len(SegmentationDataset(record, 2, (4, 4), drop_remainder=True))


def test_a_mask_that_vanishes_stands_in_at_the_usual_size(make_mixed):
    record = make_mixed((12, 16), (16, 12), (12, 16), (12, 16))
    pathlib.Path(record.pairs[2][1]).unlink()
    dataset = SegmentationDataset(record, 3, (12, 16), on_bad_file="skip")
    assert [labels.shape for _, labels in dataset] == [(3, 12, 16), (1, 16, 12)]
    assert (dataset[0][1][1] == 255).all()
    pathlib.Path(record.pairs[1][1]).unlink()
    assert dataset[1][1].shape == (1, 16, 12)
    with pytest.raises(DataError, match="cannot be opened"):
        SegmentationDataset(record, 3, (12, 16))[0]


def test_a_mask_that_changes_its_size_is_named(make_mixed, write):
    record = make_mixed((12, 16), (12, 16))
    dataset = SegmentationDataset(record, 2, (12, 16))
    assert len(dataset) == 1
    write("street/images/ulm/ulm_001.png", np.zeros((24, 32, 3), np.uint8))
    write("street/masks/ulm/ulm_001.png", np.zeros((24, 32), np.uint8))
    with pytest.raises(ValueError, match=r"ulm_000\.png 16x12, .*ulm_001\.png 32x24"):
        dataset[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": None}, r"image_size must be \(height, width\)"),
        ({"image_size": (0, 4)}, "image_size"),
        ({"image_size": (4.5, 4)}, "image_size"),
        ({"label_size": "full"}, "label_size"),
        ({"batch_size": 0}, "batch_size must be a positive integer, received 0"),
        (
            {"batch_size": 5, "drop_remainder": True},
            "batch_size 5 is larger than street",
        ),
        ({"cache": 3}, '"memory" or the path of a folder, received 3'),
        ({"augmentation": print}, 'label_size="image"'),
    ],
)
def test_bad_arguments(make_record, options, message):
    with pytest.raises(ValueError, match=message):
        SegmentationDataset(make_record(), **{"image_size": (12, 16)} | options)


def test_empty_record(make_record):
    with pytest.raises(ValueError, match="street holds no pairs"):
        SegmentationDataset(make_record().select([]), image_size=(12, 16))


@pytest.mark.parametrize("length", [2, 5])
def test_passes_of_another_length_hold_the_same_batches(make_record, length):
    options = {
        "image_size": (24, 32),
        "label_size": "image",
        "shuffle": True,
        "augmentation": augmentation(colour=0.5),
    }
    dataset = SegmentationDataset(make_record(cities={"ulm": 6}), 2, **options)

    def row(dataset, passes):
        images = []
        for epoch in range(passes):
            dataset.epoch = epoch
            images += [images for images, _ in dataset]
        return np.stack(images)

    cut = dataset.in_passes(length)
    assert len(cut) == length
    whole = row(dataset, 10)[: 2 * length]
    np.testing.assert_array_equal(row(cut, 2), whole)
    cut.epoch, cut.first_batch = 1, 1  # Resumed in midst of the second one.
    assert len(cut) == length - 1
    np.testing.assert_array_equal(cut[0][0], whole[length + 1])
    with pytest.raises(ValueError, match="length counts batches from 1, received 0"):
        dataset.in_passes(0)
