"""The unlabelled images of a `FewShotDomainDataset`."""

import collections
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.datasets import (
    DataError,
    FewShotDomainDataset,
    PairCache,
    SegmentationDataset,
    augmentation,
    cut_mix,
    distribute,
    few_shot_domain_dataset,
    images,
    read_image,
)

SIZE = (24, 32)


@pytest.fixture
def make_dataset(make_record):
    source = make_record("rendered", {"game": 7})
    target = make_record("real", {"ulm": 3, "bonn": 2})

    def make_dataset(unlabelled=target, target=target, **options):
        options = {"shots": 1, "batch_size": 2, "image_size": SIZE} | options
        return FewShotDomainDataset(source, target, unlabelled=unlabelled, **options)

    return make_dataset


def seen(dataset, epochs=1):
    names = []
    for dataset.epoch in range(epochs):
        for index in range(len(dataset)):
            names += dataset.batch_names(index)["unlabelled"]
    return names


def test_images_have_a_third_domain_and_labels_have_not(make_dataset):
    plain, dataset = make_dataset(unlabelled=None), make_dataset()
    batch, labels = dataset[1]
    assert [*batch] == ["source", "target", "unlabelled"]
    assert [*labels] == ["source", "target"]
    assert batch["unlabelled"].dtype == np.uint8
    for image, name in zip(
        batch["unlabelled"], dataset.batch_names(1)["unlabelled"], strict=True
    ):
        np.testing.assert_array_equal(image, read_image(name, SIZE))
    # The others are what they are without it.
    before, _ = plain[1]
    for domain in before:
        np.testing.assert_array_equal(batch[domain], before[domain])
    assert "unlabelled" not in plain.batch_names(0)


def test_shots_are_no_unlabelled_images_and_that_is_said_once(make_dataset, capsys):
    dataset = make_dataset()
    assert capsys.readouterr().err == (
        "2 of the 5 unlabelled pictures of real are labelled target images as well\n"
        "(shots): not taken as unlabelled, 3 are left\n"
    )
    shots = {path for path, _ in dataset.target.pairs}
    assert len({*seen(dataset)}) == 3
    assert not shots & {*seen(dataset)}
    with pytest.raises(ValueError, match="all 2 unlabelled pictures of real are label"):
        make_dataset(unlabelled=dataset.target)
    with pytest.raises(ValueError, match="real holds no unlabelled pictures, expected"):
        make_dataset(unlabelled=dataset.target.select([]))


def test_each_is_seen_equally_often_in_orders_of_the_seed(make_dataset):
    counts = collections.Counter(seen(make_dataset(), epochs=4))
    assert set(counts.values()) == {8}
    rows = [tuple(seen(make_dataset(seed=0))), tuple(seen(make_dataset(seed=0)))]
    other = [seen(make_dataset(shots=0, seed=seed)) for seed in (0, 1)]
    assert rows[0] == rows[1]
    assert other[0] != other[1]


def test_a_batch_depends_on_seed_epoch_index_and_kept_alone(make_dataset):
    dataset, again = make_dataset(), make_dataset()
    dataset.epoch = again.epoch = 3
    names = [dataset.batch_names(index) for index in range(3)]
    again.first_batch = 2  # Goes on in the midst of a pass.
    assert again.batch_names(0) == names[2]
    dataset.kept = again.kept = [0, 2, 4, 6]
    again.first_batch = 1
    assert again.batch_names(0) == dataset.batch_names(1)
    left, right = dataset.part(1, 0, 1), dataset.part(1, 1, 2)
    whole = dataset[1]
    np.testing.assert_array_equal(
        np.concatenate([left[0]["unlabelled"], right[0]["unlabelled"]]),
        whole[0]["unlabelled"],
    )


@pytest.mark.parametrize("name", ["target", "unlabelled"])
def test_a_spelling_in_place_of_a_record_is_refused(make_dataset, name):
    with pytest.raises(TypeError, match=rf"{name} is .*datasets.load\('images:a'\)"):
        make_dataset(**{name: "images:a"})
    with pytest.raises(TypeError, match="record is 'gta5:a', expected a Segmentation"):
        SegmentationDataset("gta5:a")


def test_one_is_enough(make_dataset, make_record):
    only = make_record("photo", {"here": 1})
    batch, _ = make_dataset(unlabelled=only)[2]
    for image in batch["unlabelled"]:
        np.testing.assert_array_equal(image, read_image(only.pairs[0][0], SIZE))


@pytest.mark.parametrize("kind", ["target", "none", "without masks"])
def test_without_shots_there_is_no_target(make_dataset, make_record, kind):
    target = make_record("real", {"ulm": 3, "bonn": 2})
    options = {
        "target": {},
        "none": {"target": None},
        "without masks": {"target": target.pictures(), "unlabelled": None},
    }[kind]
    dataset = make_dataset(shots=0, **options)
    batch, labels = dataset[0]
    assert [*batch] == ["source", "unlabelled"]
    assert [*labels] == ["source"]
    assert len(dataset.target) == 0
    assert len({*seen(dataset, 2)}) == 5
    chosen = dataset.selection_pass(3)[1]
    for place, image in enumerate(chosen["target"], 3):
        name = dataset.unlabelled.pairs[place % 5][0]
        np.testing.assert_array_equal(image, read_image(name, SIZE))


def test_what_needs_shots_says_so(make_dataset):
    with pytest.raises(ValueError, match="shots=0 leaves no target image: .*--unlabel"):
        make_dataset(shots=0, unlabelled=None)
    with pytest.raises(ValueError, match="mixing puts .* of which shots=0 leaves none"):
        make_dataset(shots=0, mixing=cut_mix())
    with pytest.raises(
        ValueError, match="target is None, expected shots=0, received 1"
    ):
        make_dataset(target=None)
    with pytest.raises(ValueError, match="shots=0 leaves no labelled target image"):
        make_dataset(shots=0).target_dataset()


def test_they_are_not_augmented(make_dataset):
    plain, augmented = make_dataset()[0], make_dataset(augmentation=augmentation())[0]
    images = plain[0]["unlabelled"], augmented[0]["unlabelled"]
    np.testing.assert_array_equal(*images)


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_a_cache_keeps_them(make_dataset, tmp_path, monkeypatch, place):
    cache = PairCache("memory" if place == "memory" else tmp_path / "cache")
    dataset = make_dataset(cache=cache)
    first = [dataset[index][0]["unlabelled"] for index in range(3)]
    counted = cache.bytes
    reading = few_shot_domain_dataset.read_image
    read = []
    monkeypatch.setattr(
        few_shot_domain_dataset, "read_image", lambda *a: read.append(a) or reading(*a)
    )
    again = [dataset[index][0]["unlabelled"] for index in range(3)]
    np.testing.assert_array_equal(first, again)
    assert not read
    assert cache.bytes == counted


def test_another_stands_in_for_one_that_cannot_be_read(make_dataset, make_record):
    photos = make_record("photo", {"here": 3})
    gone = photos.pairs[1][0]
    os.truncate(gone, 40)
    with pytest.raises(DataError, match="here_001.png: is no readable"):
        [*make_dataset(unlabelled=photos)]
    dataset = make_dataset(unlabelled=photos, on_bad_file="skip")
    next_one = read_image(photos.pairs[2][0], SIZE)
    for index in range(3):
        for name, image in zip(
            dataset.batch_names(index)["unlabelled"],
            dataset[index][0]["unlabelled"],
            strict=True,
        ):
            if name == gone:
                np.testing.assert_array_equal(image, next_one)
    assert [finding.file for finding in dataset.left_out] == [gone]


def test_replicas_get_their_part(make_dataset):
    class Two:
        num_replicas_in_sync = 2
        num_input_pipelines, input_pipeline_id = 1, 0

        def distribute_datasets_from_function(self, function):
            return function(self)

    dataset = make_dataset()
    halves = [*distribute(dataset, Two())]
    assert len(halves) == 2 * len(dataset)
    batch, _ = dataset[1]
    parts = [images["unlabelled"] for images, _ in halves[2:4]]
    assert parts[0].shape[1:] == (*SIZE, 3)
    np.testing.assert_array_equal(tf.concat(parts, 0), batch["unlabelled"])


def test_pictures_are_the_same_by_link_or_by_name_and_bytes(
    make_dataset, make_record, tmp_path, capsys
):
    target = make_record("real", {"ulm": 3, "bonn": 2})
    shots = [path for path, _ in make_dataset(unlabelled=None).target.pairs]
    others = [path for path, _ in target.pairs if path not in shots]
    folder = tmp_path / "photos"
    folder.mkdir()
    os.symlink(shots[0], folder / "link.png")
    shutil.copy(shots[1], folder)  # The same name and bytes.
    shutil.copy(shots[1], folder / "renamed.png")
    changed = folder / os.path.basename(shots[0])  # The same name, other bytes.
    shutil.copy(others[0], changed)
    os.truncate(changed, os.path.getsize(shots[0]))
    dataset = make_dataset(unlabelled=images(folder))
    left = {os.path.basename(path) for path, _ in dataset.unlabelled.pairs}
    assert left == {"renamed.png", changed.name}
    assert "2 of the 4 unlabelled pictures of images" in capsys.readouterr().err
