"""Whatever the names, seeds and sizes: every image comes with its own mask."""

import collections
import pathlib
import shutil
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from keras_pixda.datasets import (
    DataError,
    FewShotDomainDataset,
    SegmentationDataset,
    SegmentationRecord,
    folder,
)
from keras_pixda.datasets.choose_shots import choose_shots
from keras_pixda.datasets.lists import find_listed

SIZE = 4, 6
NUMBER = 9
CLASSES = tuple("abcdefghi")
# No separators, nothing that is not UTF-8, no leading dot: those files are left alone.
NAMES = st.text(
    st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
).filter(lambda name: not name.startswith("."))


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """Images whose pixels are their number, with masks of the same number."""
    root = tmp_path_factory.mktemp("street")
    for kind in ("images", "masks"):
        (root / kind).mkdir()
        for number in range(NUMBER):
            shape = (*SIZE, 3) if kind == "images" else SIZE
            picture = Image.fromarray(np.full(shape, number, np.uint8))
            picture.save(root / kind / f"{number}.png")
    record = folder(root / "images", root / "masks", CLASSES)
    return record.select(range(NUMBER))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("names")


def stem(name):
    """What pairs: accents are part of their letters, the last suffix is not."""
    return unicodedata.normalize("NFC", str(pathlib.PurePath(name).with_suffix("")))


@given(
    st.dictionaries(NAMES, st.sampled_from(["both", "image", "mask"]), max_size=6),
    st.sampled_from([".png", ".jpg", ".JPEG"]),
)
def test_files_pair_by_name_or_are_named(root, names, suffix):
    root = root / "data"
    shutil.rmtree(root, ignore_errors=True)
    expected, lonely, stems = {}, set(), collections.Counter()
    for name, where in names.items():
        for kind, end in (("image", suffix), ("mask", ".png")):
            path = root / kind / (name + end)
            path.parent.mkdir(parents=True, exist_ok=True)
            if where in ("both", kind):
                path.touch()
                stems[kind, stem(path.name)] += 1
                if where == "both":
                    expected.setdefault(stem(path.name), []).append(str(path))
                else:
                    lonely.add(str(path))
    if not names:
        return
    arguments = root / "image", root / "mask", CLASSES
    if max(stems.values()) > 1:  # The same accent written in two ways.
        with pytest.raises(DataError, match="has the same name as"):
            folder(*arguments)
    elif alone := {
        (kind, name)
        for kind, name in stems
        if not all((other, name) in stems for other in ("image", "mask"))
    }:
        with pytest.raises(DataError) as error:
            folder(*arguments)
        found = {stem(pathlib.Path(f.file).name) for f in error.value.findings}
        assert found == {name for _, name in alone}
    else:
        record = folder(*arguments)
        assert len(record) == len({name for _, name in stems})
        for image, mask in record.pairs:
            assert stem(pathlib.Path(image).name) == stem(pathlib.Path(mask).name)
            assert pathlib.Path(image).parent.name == "image"
            assert pathlib.Path(mask).parent.name == "mask"


def numbers(images, labels):
    """The numbers of a batch; every mask is that of its image."""
    first = images[:, 0, 0, 0]
    np.testing.assert_array_equal(
        images, np.broadcast_to(first[:, None, None, None], images.shape)
    )
    np.testing.assert_array_equal(
        labels, np.broadcast_to(first[:, None, None], labels.shape)
    )
    return first.tolist()


@given(
    st.integers(1, 12), st.booleans(), st.booleans(), st.integers(0, 2**31), st.data()
)
def test_every_image_comes_once_with_its_mask(
    streets, batch_size, shuffle, drop, seed, data
):
    drop = drop and batch_size <= NUMBER
    dataset = SegmentationDataset(
        streets, batch_size, SIZE, shuffle=shuffle, seed=seed, drop_remainder=drop
    )
    dataset.epoch = data.draw(st.integers(0, 1000))
    seen = [n for index in range(len(dataset)) for n in numbers(*dataset[index])]
    whole = NUMBER // batch_size * batch_size if drop else NUMBER
    assert len(seen) == len({*seen}) == whole
    if not shuffle:
        assert seen == list(range(whole))


@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(0, 2**31),
    st.sets(st.integers(0, NUMBER - 1), min_size=1),
    st.data(),
)
def test_source_and_target(streets, batch_size, shots, seed, kept, data):
    dataset = FewShotDomainDataset(streets, streets, shots, batch_size, SIZE, seed)
    dataset.kept = sorted(kept)
    chosen = {int(pathlib.Path(image).stem) for image, _ in dataset.target.pairs}
    assert len(chosen) == shots
    used = collections.Counter()
    for _ in range(3):
        seen, batches = [], {}
        order = data.draw(st.permutations(range(len(dataset))))
        for index in order:  # Threads fetch batches in any order.
            images, labels = dataset[index]
            batches[index] = {key: numbers(images[key], labels[key]) for key in images}
            for domain, paths in dataset.batch_names(index).items():
                stems = [int(pathlib.Path(path).stem) for path in paths]
                assert stems == batches[index][domain]
        for batch in batches.values():
            seen += batch["source"]
            used.update(batch["target"])
        assert len(seen) == len({*seen}) == len(kept) // batch_size * batch_size
        assert {*seen} <= kept
        assert {*used} <= chosen
        # The shots take turns.
        counts = [used[shot] for shot in chosen]
        assert max(counts) - min(counts) <= 1
        dataset.on_epoch_begin()
        dataset.on_epoch_end()
    passed = dataset.selection_pass()
    found = np.concatenate([passed[index]["index"] for index in range(len(passed))])
    assert found.tolist() == sorted(kept)


def imaginary(cities):
    pairs = tuple((f"/x/{c}/{c}_{i}.png", f"{i}.png") for i, c in enumerate(cities))
    return SegmentationRecord("street", pairs, ("a",), ((0, 0, 0),), {0: 0}, cities)


@given(
    st.lists(st.sampled_from(["ulm", "bonn", "köln"]), min_size=1, max_size=30),
    st.integers(1, 4),
    st.integers(0, 2**31),
)
def test_shots(cities, shots, seed):
    record = imaginary(tuple(cities))
    counts = collections.Counter(cities)
    if min(counts.values()) < shots:
        with pytest.raises(ValueError, match=f"{shots} shots were asked for"):
            choose_shots(record, shots, seed)
        return
    chosen = choose_shots(record, shots, seed)
    assert chosen == sorted({*chosen})
    assert collections.Counter(cities[i] for i in chosen) == dict.fromkeys(
        counts, shots
    )
    assert chosen == choose_shots(record, shots, seed)
    # A city's shots are its own affair.
    alone = [index for index, city in enumerate(cities) if city == "ulm"]
    if alone:
        again = choose_shots(record.select(alone), shots, seed)
        assert [alone[i] for i in again] == [i for i in chosen if cities[i] == "ulm"]


@given(
    st.lists(st.integers(0, 19), min_size=1, max_size=20),
    st.lists(st.sampled_from(["whole", "name", "bare"]), min_size=20, max_size=20),
)
def test_listed(root, positions, spellings):
    images = [f"/x/ulm/{index:02} b.png" for index in range(20)]
    spelled = {
        "whole": lambda image: image,
        "name": lambda image: pathlib.PurePath(image).name,
        "bare": lambda image: pathlib.PurePath(image).stem,
    }
    lines = [
        spelled[spelling](images[position])
        for position, spelling in zip(positions, spellings, strict=False)
    ]
    (root / "list.txt").write_text("\n".join(lines))
    assert find_listed(root / "list.txt", images) == positions
