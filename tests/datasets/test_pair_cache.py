import dataclasses
import errno
import os
import pathlib
import pickle
import random
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import DataError, PairCache, pair_cache, read_pair

SIZE = (12, 16)
PAIR_BYTES = 12 * 16 * 4


@pytest.fixture(params=["memory", "folder"])
def place(request, tmp_path):
    return "memory" if request.param == "memory" else tmp_path / "cache"


@pytest.fixture
def reads():
    """Positions that were decoded, in order."""
    return []


@pytest.fixture
def get(reads):
    """Return `get(cache, record, index)`, which counts what is decoded."""

    def counting(record, index, *sizes):
        reads.append(index)
        return read_pair(record, index, *sizes)

    def get(cache, record, index, image_size=SIZE, label_size=SIZE):
        return cache.read(record, index, image_size, label_size, counting)

    return get


def assert_pair(pair, record, index, *sizes):
    for part, expected in zip(pair, read_pair(record, index, *sizes), strict=True):
        assert part.dtype == np.uint8
        np.testing.assert_array_equal(part, expected)


def files(cache, suffix=".pair"):
    return sorted(path for path in cache.folder.iterdir() if path.suffix == suffix)


def test_a_pair_is_decoded_once(place, make_record, get, reads):
    record, cache = make_record(), PairCache(place)
    for _ in range(3):
        for index in range(4):
            pair = get(cache, record, index)
            assert_pair(pair, record, index, SIZE, SIZE)
            with pytest.raises(ValueError, match="read-only"):
                pair[0][0] = 1
    assert reads == [0, 1, 2, 3]
    assert not cache.full


def test_what_makes_another_pair(place, make_record, get, reads):
    record, cache = make_record(), PairCache(place)
    variants = [
        (record, SIZE, SIZE),
        (record, (6, 8), SIZE),
        (record, SIZE, None),
        (dataclasses.replace(record, crop=1.0), SIZE, SIZE),
        (dataclasses.replace(record, id_map={0: 1, 1: 0, 255: 255}), SIZE, SIZE),
        (dataclasses.replace(record, ignore_masks=(None,) * 4), SIZE, None),
        (
            dataclasses.replace(record, ignore_masks=(record.pairs[3][1],) * 4),
            SIZE,
            SIZE,
        ),
    ]
    for _ in range(2):
        for variant, *sizes in variants:
            pair = get(cache, variant, 0, *sizes)
            assert_pair(pair, variant, 0, *sizes)
    # No ignore mask is the same as a list that names none.
    assert len(reads) == len(variants) - 1


@pytest.mark.parametrize("part", [0, 1, "ignore mask"])
@pytest.mark.parametrize("change", ["time", "size"])
def test_a_changed_file_is_read_again(
    place, part, change, make_record, write, get, reads
):
    hood = write("hood.png", np.repeat(np.uint8([[0, 255]]), 16, 1).repeat(24, 0))
    record = dataclasses.replace(make_record(), ignore_masks=(str(hood),) * 4)
    cache = PairCache(place)
    before, size = get(cache, record, 0), cache.bytes
    path = str(hood) if part == "ignore mask" else record.pairs[0][part]
    status = os.stat(path)
    Image.fromarray(np.asarray(Image.open(path)) // 255).save(path)
    # Only one of the two tells: a PNG may be longer than its picture.
    longer = status.st_size + (change == "size")
    with open(path, "ab") as file:
        file.write(bytes(longer - os.stat(path).st_size))
    later = status.st_mtime_ns + 10 * (change == "time")
    os.utime(path, ns=(status.st_atime_ns, later))
    for _ in range(2):
        after = get(cache, record, 0)
        assert_pair(after, record, 0, SIZE, SIZE)
    assert not all(map(np.array_equal, before, after))
    assert reads == [0, 0]
    # The old pair makes way for the new one.
    assert cache.bytes == size


def test_a_file_that_vanished_is_named(place, make_record, get):
    record, cache = make_record(), PairCache(place)
    get(cache, record, 2)
    os.remove(record.pairs[2][1])
    with pytest.raises(DataError, match=r"ulm_002\.png: cannot be opened"):
        get(cache, record, 2)


def test_bytes_are_bounded(place, make_record, get, reads):
    record = make_record(cities={"ulm": 6})
    room = PAIR_BYTES
    if place != "memory":  # A file has a checksum and headers as well.
        probe = PairCache(place)
        get(probe, record, 5)
        (file,) = files(probe)
        room = file.stat().st_size
        file.unlink()
    cache = PairCache(place, max_bytes=3 * room + room // 2)
    assert "full" not in repr(cache)
    reads.clear()
    for _ in range(2):
        for index in range(6):
            assert_pair(get(cache, record, index), record, index, SIZE, SIZE)
    assert reads == [0, 1, 2, 3, 4, 5, 3, 4, 5]
    assert cache.bytes == 3 * room
    assert cache.full
    assert repr(cache).endswith("of 0.0 MiB, full)")
    if cache.folder:
        assert sum(file.stat().st_size for file in files(cache)) == cache.bytes
        # A later run counts what is there.
        later = PairCache(place, max_bytes=cache.max_bytes)
        assert later.bytes == cache.bytes
        get(later, record, 4)
        assert later.full
        assert len(files(later)) == 3
    nothing = PairCache("memory", max_bytes=0)
    assert_pair(get(nothing, record, 0), record, 0, SIZE, SIZE)
    assert nothing.bytes == 0


def test_what_others_add_is_counted(tmp_path, make_record, get, monkeypatch):
    monkeypatch.setattr(pair_cache, "_WRITES_BETWEEN_MEASURES", 2)
    record = make_record(cities={"ulm": 6})
    one, other = (PairCache(tmp_path / "cache", max_bytes=5000) for _ in range(2))
    for index in range(3):
        get(one, record, index)
    for index in range(3, 5):
        get(other, record, index)
    assert other.bytes == sum(file.stat().st_size for file in files(other))
    assert other.bytes > 4 * PAIR_BYTES


def test_threads(place, make_record, get):
    record, cache = make_record(cities={"ulm": 8}), PairCache(place)
    expected = [read_pair(record, index, SIZE, SIZE) for index in range(8)]
    order = [*range(8)] * 20
    random.Random(0).shuffle(order)
    with ThreadPoolExecutor(4) as pool:
        pairs = list(pool.map(lambda index: get(cache, record, index), order))
    for index, pair in zip(order, pairs, strict=True):
        for part, wanted in zip(pair, expected[index], strict=True):
            np.testing.assert_array_equal(part, wanted)
    if cache.folder:
        assert cache.bytes == sum(file.stat().st_size for file in files(cache))
        assert len(files(cache)) == 8
        assert files(cache, ".tmp") == []
    else:
        assert cache.bytes == 8 * PAIR_BYTES


def test_two_threads_that_miss_the_same_pair_count_it_once(
    tmp_path, make_record, monkeypatch
):
    record, cache = make_record(), PairCache(tmp_path / "cache")
    both, write_bytes = threading.Barrier(2), pathlib.Path.write_bytes

    def together(*arguments):
        pair = read_pair(*arguments)
        both.wait(10)
        return pair

    def slowly(path, data):
        time.sleep(0.05)
        return write_bytes(path, data)

    monkeypatch.setattr(pathlib.Path, "write_bytes", slowly)
    with ThreadPoolExecutor(2) as pool:
        for pair in pool.map(
            lambda _: cache.read(record, 0, SIZE, SIZE, together), range(2)
        ):
            assert_pair(pair, record, 0, SIZE, SIZE)
    (file,) = files(cache)
    assert cache.bytes == file.stat().st_size


def test_two_processes_share_a_folder(tmp_path, make_record, get, reads):
    record = make_record()
    one, other = (PairCache(str(tmp_path / "a" / "cache")) for _ in range(2))
    for index in (0, 1):
        get(one, record, index)
    for index in (1, 2):
        get(other, record, index)
    for cache in (one, other, PairCache(tmp_path / "a" / "cache")):
        for index in range(3):
            assert_pair(get(cache, record, index), record, index, SIZE, SIZE)
    assert reads == [0, 1, 2]


def flip_bit(position):
    def flip(data):
        data[position] ^= 16

    return flip


def forge(data):
    """Pixels of another picture under the checksum of this one."""
    data[-50:-10] = bytes(40)


DAMAGES = {
    "empty": lambda data: data.clear(),
    "cut off": lambda data: data.__delitem__(slice(len(data) // 2, None)),
    "one byte short": lambda data: data.pop(),
    "one byte more": lambda data: data.append(0),
    "zeros": lambda data: data.__setitem__(slice(None), bytes(len(data))),
    "four zeros": lambda data: data.__setitem__(slice(None), bytes(4)),
    "other pixels": forge,
    **{f"bit of byte {i}": flip_bit(i) for i in (0, 3, 4, 20, 60, 140, 300, -1)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_written_again(damage, tmp_path, make_record, get, reads):
    record = make_record()
    cache = PairCache(tmp_path / "cache")
    get(cache, record, 0)
    (file,) = files(cache)
    whole = file.read_bytes()
    assert zlib.crc32(whole[4:]) == int.from_bytes(whole[:4], "little")
    broken = bytearray(whole)
    DAMAGES[damage](broken)
    assert broken != whole
    file.write_bytes(broken)
    later = PairCache(tmp_path / "cache")
    for _ in range(2):
        assert_pair(get(later, record, 0), record, 0, SIZE, SIZE)
    assert reads == [0, 0]
    assert files(later) == [file]
    assert file.read_bytes() == whole
    assert later.bytes == len(whole)


def test_what_killed_writers_leave_behind(tmp_path, make_record, get, reads):
    record = make_record()
    cache = PairCache(tmp_path / "cache")
    get(cache, record, 0)
    whole = files(cache)[0].read_bytes()
    for name, age in (("old.tmp", 7200), ("new.tmp", 60)):
        path = cache.folder / name
        path.write_bytes(whole[:100])
        os.utime(path, (time.time() - age,) * 2)
    later = PairCache(tmp_path / "cache")
    # A writer that is still alive may want its file.
    assert [path.name for path in files(later, ".tmp")] == ["new.tmp"]
    assert later.bytes == len(whole)
    assert_pair(get(later, record, 0), record, 0, SIZE, SIZE)
    assert reads == [0]


def test_a_full_disk(tmp_path, make_record, get, reads, monkeypatch):
    record = make_record()
    cache = PairCache(tmp_path / "cache")
    get(cache, record, 0)
    write_bytes = pathlib.Path.write_bytes

    def half(path, data):
        write_bytes(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", half)
    with pytest.warns(UserWarning, match="cache: No space left on device") as warned:
        pairs = [get(cache, record, index) for index in (0, 1, 2, 1)]
    for index, pair in zip((0, 1, 2, 1), pairs, strict=True):
        assert_pair(pair, record, index, SIZE, SIZE)
    assert len(warned) == 1
    assert reads == [0, 1, 2, 1]
    assert cache.full
    assert len(files(cache)) == 1
    assert files(cache, ".tmp") == []


def test_a_folder_that_was_deleted(tmp_path, make_record, get):
    record = make_record()
    cache = PairCache(tmp_path / "cache")
    cache.folder.rmdir()
    with pytest.warns(UserWarning, match="No more pairs are cached in"):
        assert_pair(get(cache, record, 0), record, 0, SIZE, SIZE)


def test_find(place, make_record, get, reads):
    record, cache = make_record(), PairCache(place)
    assert cache.find(record, 1, SIZE, SIZE) is None
    get(cache, record, 1)
    assert_pair(cache.find(record, 1, SIZE, SIZE), record, 1, SIZE, SIZE)
    assert cache.find(record, 0, SIZE, SIZE) is None
    assert reads == [1]


def test_a_copy_for_another_process(place, make_record, get, reads):
    record, cache = make_record(), PairCache(place, max_bytes=12345)
    get(cache, record, 0)
    copy = pickle.loads(pickle.dumps(cache))
    assert (copy.place, copy.max_bytes) == (place, 12345)
    assert_pair(get(copy, record, 0), record, 0, SIZE, SIZE)
    assert reads == ([0, 0] if place == "memory" else [0])


@pytest.mark.parametrize("place", [None, "", 3, True])
def test_bad_place(place):
    with pytest.raises(ValueError, match='"memory" or the path of a folder, received'):
        PairCache(place)


def test_bad_folder_and_bound(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        PairCache(tmp_path / "file")
    with pytest.raises(ValueError, match="max_bytes must not be negative, received -1"):
        PairCache(max_bytes=-1)
