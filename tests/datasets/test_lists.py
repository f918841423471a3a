"""Lists as people's editors and other programs write them."""

import pytest

from keras_pixda.datasets import DataError
from keras_pixda.datasets.lists import find_listed, read_classes, read_list


def test_read_list(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("a\n\n  b \n")
    assert read_list(path) == [(1, "a"), (3, "b")]
    path.write_text("\n")
    with pytest.raises(ValueError, match="empty"):
        read_list(path)
    with pytest.raises(FileNotFoundError, match=r"none\.txt does not exist"):
        read_list(tmp_path / "none.txt")


def test_find_listed_by_the_end_of_the_path(tmp_path):
    images = ["/x/ulm/ulm_1.png", "/x/ulm/ulm_2.png", "/x/bonn/bonn_1.jpg"]
    path = tmp_path / "list.txt"
    path.write_text("bonn/bonn_1.jpg\nulm_1\n\nx/ulm/ulm_2.png\nulm_1")
    assert find_listed(path, images) == [2, 0, 1, 0]


def test_find_listed_names_list_line_and_name(tmp_path):
    images = ["/x/ulm/a.png", "/x/bonn/a.png"]
    path = tmp_path / "list.txt"
    path.write_text("ulm/a.png\nulm/b.png\na\n")
    with pytest.raises(DataError) as error:
        find_listed(path, images)
    lines = [str(finding) for finding in error.value.findings]
    assert lines[0].startswith(f"{path}, line 2: ulm/b.png is not among the 2 images")
    assert lines[1].startswith(f"{path}, line 3: a fits 2 images")
    assert len(lines) == 2


def test_a_list_that_is_no_text(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"list\.txt, line 1: is not UTF-8 text"):
        read_list(tmp_path / "list.txt")


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffroad \r\n\r\n traffic  light\t\r\nStraße\r\n".encode(),
        "\ufeffroad\ntraffic  light\n\ufeffStraße".encode(),  # Two put together.
        "road\rtraffic  light\rStraße".encode(),
        "road\r\ntraffic  light\r\nStraße\r\n".encode("utf-16"),
        "\ufeffroad\ntraffic  light\nStraße".encode("utf-16-be"),
        "\ufeffroad\ntraffic  light\nStraße".encode("utf-32-le"),
    ],
)
def test_every_editors_text(tmp_path, data):
    (tmp_path / "classes.txt").write_bytes(data)
    classes = read_classes(tmp_path / "classes.txt")
    assert classes == ("road", "traffic  light", "Straße")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("road\nStraße".encode("latin-1"), "line 2: is not UTF-8 .*0xdf, of Latin-1"),
        ("road\nStraße".encode("utf-16-le"), "line 1: is not UTF-8 .*UTF-16 without"),
        (b"road\n\nroad", "line 3: 'road' stands here again, first in line 1"),
        (b"# ids\nroad", "line 1: '# ids' looks like a comment"),
        (b"road\x07", "line 1: 'road.x07' is no name of a class"),
        (b"\x07" + b"a" * 9999, "line 1: '.x07a{99}'\\.\\.\\. is no name of a class$"),
        (b"\xef\xbb\xbf\r\n", "is empty. Expected one class name a line"),
    ],
)
def test_what_is_no_list_of_classes(tmp_path, data, message):
    (tmp_path / "classes.txt").write_bytes(data)
    with pytest.raises(ValueError, match=rf"classes\.txt.*{message}"):
        read_classes(tmp_path / "classes.txt")


def test_paths_of_other_programs(tmp_path, monkeypatch):
    images = [f"leftImg8bit/train/{city}/{city}_1.png" for city in ("bonn", "ulm")]
    monkeypatch.chdir(tmp_path)
    names = [
        "leftImg8bit\\train\\ulm\\ulm_1.png",
        ".\\ulm\\ulm_1",
        "./ulm/ulm_1.png",
        "../data/ulm/ulm_1.png",
        "/leftImg8bit/train/ulm/ulm_1.png",  # From the folder of the data set on.
        str(tmp_path / "leftImg8bit/train/ulm/ulm_1.png"),
        str(tmp_path / "leftImg8bit/train/ulm/ulm_1"),
    ]
    for name in names:
        (tmp_path / "list.txt").write_text(name)
        chosen = ["data/bonn/bonn_1.png", "data/ulm/ulm_1.png"]
        assert find_listed("list.txt", chosen if "data" in name else images) == [1]


def test_a_name_may_hold_a_backslash_and_accents_of_either_kind(tmp_path):
    (tmp_path / "list.txt").write_text("a\\b\ne\u0301", "utf-8")
    images = ["x/a/b.png", "x/a\\b.png", "x/\u00e9.png"]
    assert find_listed(tmp_path / "list.txt", images) == [1, 2]


def test_a_list_may_be_of_different_images(tmp_path):
    (tmp_path / "list.txt").write_text("a\nb\nx/a.png")
    assert find_listed(tmp_path / "list.txt", ["x/a.png", "x/b.png"]) == [0, 1, 0]
    with pytest.raises(DataError, match="line 3: x/a.png stands here again.* line 1"):
        find_listed(tmp_path / "list.txt", ["x/a.png", "x/b.png"], once=True)


def test_a_list_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "list.txt").write_text("a")
    assert read_list("~/list.txt") == [(1, "a")]


def test_json_is_no_list_of_classes(tmp_path):
    (tmp_path / "classes.json").write_text('["road", "car"]')
    with pytest.raises(DataError, match="looks like JSON"):
        read_classes(tmp_path / "classes.json")
