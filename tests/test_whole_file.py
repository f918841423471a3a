import resource

import pytest

from keras_pixda.whole_file import whole_file


def test_a_file_is_replaced_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "note.txt"
    for text in ("first", "second"):
        with whole_file(path) as unfinished:
            unfinished.write_text(text)
            assert not path.exists() or path.read_text() == "first"
        assert path.read_text() == text
    assert [p.name for p in path.parent.iterdir()] == ["note.txt"]


def test_a_failed_write_keeps_what_was_there_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")

    def fail():
        with whole_file(path) as unfinished:
            unfinished.write_text("half")
            raise KeyError("bug")

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


def test_a_full_disk_is_named_with_the_file(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with (
            pytest.raises(OSError, match=r"note.txt: cannot be written .*space"),
            whole_file(path) as unfinished,
        ):
            unfinished.write_bytes(bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]
