import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import (
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


def test_masks_of_a_batch_must_agree(make_record, write):
    record = make_record()
    write("street/images/ulm/ulm_001.png", np.zeros((12, 16, 3), np.uint8))
    write("street/masks/ulm/ulm_001.png", np.zeros((12, 16), np.uint8))
    dataset = SegmentationDataset(record, 2, (12, 16))
    with pytest.raises(ValueError, match=r"ulm_000\.png 32x24, .*ulm_001\.png 16x12"):
        dataset[0]
    assert SegmentationDataset(record, 1, (12, 16))[1][1].shape == (1, 12, 16)
    assert SegmentationDataset(record, 2, (12, 16), "image")[0][1].shape == (2, 12, 16)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": None}, r"image_size must be \(height, width\)"),
        ({"image_size": (0, 4)}, "image_size"),
        ({"image_size": (4.5, 4)}, "image_size"),
        ({"label_size": "full"}, "label_size"),
        ({"batch_size": 0}, "batch_size must be a positive integer, got 0"),
        (
            {"batch_size": 5, "drop_remainder": True},
            "batch_size 5 is larger than street",
        ),
        ({"cache": 3}, '"memory" or the path of a folder, got 3'),
        ({"augmentation": print}, 'label_size="image"'),
    ],
)
def test_bad_arguments(make_record, options, message):
    with pytest.raises(ValueError, match=message):
        SegmentationDataset(make_record(), **{"image_size": (12, 16)} | options)


def test_empty_record(make_record):
    with pytest.raises(ValueError, match="street holds no pairs"):
        SegmentationDataset(make_record().select([]), image_size=(12, 16))
