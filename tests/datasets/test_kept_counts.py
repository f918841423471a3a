"""What was counted once is not counted again while the files stay what they were."""

import dataclasses
import importlib
import os
import time

import numpy as np
import pytest

from keras_pixda.datasets import class_pixels, kept_counts, part_of, read_mask
from keras_pixda.datasets.kept_counts import VARIABLE
from keras_pixda.datasets.reader import read_labels


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Names of the masks that are read, where all counts are kept below `tmp_path`."""
    names = []

    def noted(record, index, size=None):
        names.append(os.path.basename(record.pairs[index][1]))
        return read_labels(record, index, size)

    # The room has a function of the same name.
    module = importlib.import_module("keras_pixda.datasets.class_pixels")
    monkeypatch.setattr(module, "read_labels", noted)
    monkeypatch.setattr(kept_counts, "LEAST", 1)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "counts"))
    return names


def count(record, size=None):
    """The counts, after they were found to be those of a plain loop."""
    pixels = class_pixels(record, size, verbose=False)
    for (_, path), row in zip(record.pairs, pixels, strict=True):
        mask = read_mask(path, record, size)
        assert row.tolist() == [(mask == 0).sum(), (mask == 1).sum()]
    return pixels


def test_a_second_run_reads_no_mask(make_record, read, capsys):
    record = make_record()
    first = count(record)
    assert len(read) == 4
    capsys.readouterr()
    np.testing.assert_array_equal(class_pixels(record), first)
    assert len(read) == 4
    assert capsys.readouterr().out == ""


def test_what_changed_alone_is_read_again(make_record, read, write):
    record = make_record()
    count(record)
    read.clear()
    _, path = record.pairs[2]
    write(path, 1)
    count(record)
    assert read == [os.path.basename(path)]
    # Also if it is as large as before.
    read.clear()
    status = os.stat(path)
    os.utime(path, ns=(status.st_atime_ns, time.time_ns() + 10**9))
    count(record)
    assert read == [os.path.basename(path)]


def test_another_way_to_read_the_masks_is_counted_anew(make_record, read):
    record = make_record()
    count(record)
    count(record, (12, 16))
    count(dataclasses.replace(record, id_map={0: 1, 1: 0, 255: 255}))
    count(dataclasses.replace(record, crop=1.0))
    assert len(read) == 16
    count(record)
    count(record, (12, 16))
    assert len(read) == 16


def test_another_picture_of_what_is_ignored(make_record, read, write):
    record = make_record()
    hoods = [str(write(f"{name}.png", 255)) for name in "ab"]
    one, other = (
        dataclasses.replace(record, ignore_masks=(hood,) * 4) for hood in hoods
    )
    for hood in hoods:
        os.utime(hood, ns=(0, 0))
    for hooded in (one, other):
        assert not class_pixels(hooded, verbose=False).any()
    assert len(read) == 8
    write("a.png", 0)
    assert class_pixels(one, verbose=False).any()
    assert len(read) == 12


def test_parts_of_a_folder_share_what_is_known(make_record, read):
    record = make_record(cities={"ulm": 5})
    count(part_of(record, "tuning"))
    tuned = len(read)
    assert 0 < tuned < 5
    count(record)
    assert len(read) == 5
    count(part_of(record, "rest"))
    count(record.select([4, 0, 0]))
    assert len(read) == 5


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_file_is_passed_over_and_written_anew(
    make_record, read, tmp_path, damage
):
    record = make_record()
    count(record)
    [file] = (tmp_path / "counts").iterdir()
    data = bytearray(file.read_bytes())
    data[-1] ^= damage == "flip"
    file.write_bytes({"cut": data[:-9], "flip": data, "empty": b""}[damage])
    count(record)
    assert len(read) == 8
    count(record)
    assert len(read) == 8


def test_nothing_is_kept_of_few_masks_or_if_it_is_not_wanted(
    make_record, read, tmp_path, monkeypatch
):
    record = make_record()
    monkeypatch.setattr(kept_counts, "LEAST", 5)
    count(record)
    assert len(read) == 4
    monkeypatch.setattr(kept_counts, "LEAST", 4)
    monkeypatch.setenv(VARIABLE, "")
    count(record)
    assert len(read) == 8
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(kept_counts, "USUAL", str(tmp_path / "usual"))
    count(record)
    count(record)
    assert len(read) == 12
    assert not (tmp_path / "counts").exists()


def test_a_folder_that_cannot_be_written_to_stops_nothing(make_record, read, tmp_path):
    (tmp_path / "counts").write_text("a file")
    record = make_record()
    with pytest.warns(UserWarning, match="are not kept in .*counts"):
        count(record)
