import numpy as np
import pytest

from keras_pixda.datasets import DataError, folder, read_pair


def test_matches_by_stem_at_any_depth(write, tmp_path):
    for city in ("ulm", "bonn"):
        for number in range(3):
            write(f"in/{city}/{number}.jpg", np.zeros((24, 32, 3), np.uint8))
            write(f"out/{city}/{number}.png", number)
    record = folder(tmp_path / "in", tmp_path / "out", ["a", "b", "c"])
    assert record.classes == ("a", "b", "c")
    assert len(set(record.palette)) == 3
    assert set(record.cities) == {"folder"}
    assert read_pair(record, 5)[1].max() == 2
    by_city = folder(
        tmp_path / "in",
        tmp_path / "out",
        ("a",),
        id_map={0: 255, 1: 0, 2: 0},
        palette=[(1, 2, 3)],
        city=lambda path: path.split("/")[0],
    )
    assert by_city.cities == ("bonn",) * 3 + ("ulm",) * 3
    assert by_city.palette == ((1, 2, 3),)
    assert read_pair(by_city, 5)[1].max() == 0


def test_colours_of_many_classes_differ(write, tmp_path):
    write("in/a.png")
    write("out/a.png")
    record = folder(tmp_path / "in", tmp_path / "out", map(str, range(40)))
    assert len(set(record.palette)) == 40


def test_errors(write, tmp_path):
    write("in/a.png")
    with pytest.raises(FileNotFoundError, match="out does not exist"):
        folder(tmp_path / "in", tmp_path / "out", ("a",))
    write("out/b.png")
    with pytest.raises(DataError, match="1 images without a mask, 1 masks without"):
        folder(tmp_path / "in", tmp_path / "out", ("a",))
