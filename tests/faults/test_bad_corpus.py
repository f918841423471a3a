"""Every bad file is refused by name with a remedy, or left out; none is misread."""

import corpus
import numpy as np
import pytest

from keras_pixda.datasets import (
    DataError,
    SegmentationDataset,
    check,
    folder,
    read_pair,
)
from keras_pixda.datasets.check import usable_pairs


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """The record of all bad pairs, two good ones among them, and the bad paths."""
    root = tmp_path_factory.mktemp("bad files")
    contents = corpus.bad_contents()
    names = {}
    for number, (name, (is_mask, content)) in enumerate(contents.items()):
        file = f"{number:03} Straße"
        corpus.write_pair(root, file, content, is_mask)
        names[str(root / ("masks" if is_mask else "images") / f"{file}.png")] = name
    for number, name in enumerate(corpus.BAD_PLACES, 500):
        for kind in ("images", "masks"):
            corpus.write_pair(root, f"{number} {kind}")
            names[str(root / kind / f"{number} {kind}.png")] = f"{kind}: {name}"
    for file in ("000 good", "999 good"):
        corpus.write_pair(root, file)
    record = folder(root / "images", root / "masks", ("road", "other"))
    for path, name in names.items():
        if name.split(": ")[1] in corpus.BAD_PLACES:
            corpus.BAD_PLACES[name.split(": ")[1]](path)
    return record, names


def test_there_are_enough(bad):
    record, names = bad
    assert len(names) >= 60
    assert len(record) == len(names) + 2


def test_check_names_each_once_with_a_remedy(bad):
    record, names = bad
    found = {}
    for finding in check(record):
        pair = next(pair for pair in record.pairs if finding.file in pair)
        path = next((path for path in pair if path in names), None)
        assert path is not None, finding
        found.setdefault(names[path], []).append(finding)
        assert finding.problem
        assert finding.remedy.endswith(".")
        assert "\n" not in str(finding)
        # No address of some object of Python.
        assert "object at 0x" not in str(finding)
    assert found.keys() == set(names.values())
    assert {name: len(f) for name, f in found.items() if len(f) != 1} == {}


def test_the_reader_stops_with_the_same_error(bad):
    record, names = bad
    for index, pair in enumerate(record.pairs):
        if "good" in pair[0]:
            np.testing.assert_array_equal(read_pair(record, index)[1], corpus.IDS)
            continue
        with pytest.raises(DataError) as error:
            read_pair(record, index, (12, 16), (12, 16))
        assert {f.file for f in error.value.findings} <= {*pair}
        assert len(error.value.findings) == 1


def test_skipping_leaves_only_what_is_good(bad):
    record, names = bad
    usable, findings = usable_pairs(record)
    assert len(usable) == 2
    assert len(findings) == len(names)
    dataset = SegmentationDataset(record, 8, (24, 32), on_bad_file="skip")
    seen = []
    for index in range(len(dataset)):
        names_of_batch = dataset.batch_names(index)
        for name, mask in zip(names_of_batch, dataset[index][1], strict=True):
            expected = corpus.IDS if "good" in str(name) else np.full_like(mask, 255)
            np.testing.assert_array_equal(mask, expected)
        seen += names_of_batch
    assert len(seen) == len(record)
    assert len(dataset.left_out) == len(names)
