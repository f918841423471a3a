import os
import pathlib

import pytest

from keras_pixda.datasets import DataError
from keras_pixda.datasets.files import (
    collected_findings,
    find_files,
    pair_files,
    require_folders,
)


def test_find_files_by_suffix_and_by_ending(write, tmp_path):
    for name in ("a.PNG", "b/c.jpeg", "d.txt", "._a.png", "e_x.png"):
        write(f"in/{name}", None)
    assert list(find_files(tmp_path / "in")) == ["a", "b/c", "e_x"]
    assert list(find_files(tmp_path / "in").ending("_x")) == ["e"]


def test_two_files_of_one_name(write, tmp_path):
    write("in/a.png", None)
    write("in/a.jpg", None)
    with pytest.raises(DataError, match=r"a\.png: has the same name as a\.jpg"):
        find_files(tmp_path / "in")


def test_missing_folder_shows_the_layout(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"masks does not exist(.|\n)*ROOT/\n"):
        require_folders(tmp_path, ("masks",), "ROOT/\n  masks")


def test_lonely_files_are_all_found():
    images = {f"{i:02}": f"{i:02}.jpg" for i in range(8)}
    masks = {"00": "00.png", "99": "99.png"}
    with pytest.raises(
        DataError, match="street: 7 images without a mask, 1 m"
    ) as error:
        pair_files(images, masks, "street", "")
    files = [finding.file for finding in error.value.findings]
    assert files == [*(f"{i:02}.jpg" for i in range(1, 8)), "99.png"]


def test_no_files_at_all():
    with pytest.raises(FileNotFoundError, match="street: no pictures found"):
        pair_files({}, {}, "street", "ROOT/")


def problems(folder):
    with pytest.raises(DataError) as error:
        find_files(folder)
    return {f.file.split("/")[-1]: f.problem for f in error.value.findings}


def test_links(write, tmp_path):
    write("in/a.png", None)
    write("elsewhere/b.png", None)
    (tmp_path / "in/ulm").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/c.png").symlink_to(tmp_path / "elsewhere/b.png")
    assert list(find_files(tmp_path / "in")) == ["a", "c", "ulm/b"]
    (tmp_path / "in/round").symlink_to(tmp_path / "in")
    (tmp_path / "elsewhere/up").symlink_to(tmp_path)
    (tmp_path / "in/self.png").symlink_to(tmp_path / "in/self.png")
    (tmp_path / "in/gone.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "in/pipe.png")
    found = problems(tmp_path / "in")
    assert "a link goes in a circle" in found["round"]
    # From the linked folder up to the whole and down again: each loop ends.
    assert "a link goes in a circle" in found["in"]
    assert "Too many levels of symbolic links" in found["self.png"]
    assert "No such file" in found["gone.png"]
    assert found["pipe.png"] == "is not a file"


def test_unreadable_folders_are_named(write, tmp_path, monkeypatch):
    for name in ("in/ulm/a.png", "in/bonn/b.png"):
        write(name, None)
    look = os.scandir

    def scandir(path):  # Root may read every folder.
        if pathlib.Path(path).name == "ulm":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert problems(tmp_path / "in") == {
        "ulm": "the folder cannot be opened (Permission denied)"
    }
    with collected_findings() as findings:
        assert list(find_files(tmp_path / "in")) == ["bonn/b"]
    assert len(findings) == 1


def test_names(write, tmp_path):
    write("in/a b/c  d.png", None)
    write("in/Stra\u00dfe \u6771\u4eac.png", None)
    write("in/e\u0301.png", None)  # An e and an accent, as macOS writes it.
    keys = {"a b/c  d", "Stra\u00dfe \u6771\u4eac", "\u00e9"}
    assert set(find_files(tmp_path / "in")) == keys
    os.close(os.open(os.fsencode(tmp_path / "in") + b"/\xff.png", os.O_CREAT))
    assert problems(tmp_path / "in") == {"\\udcff.png": "its name is not UTF-8"}


def test_files_of_other_kinds_are_named_where_they_would_be_paired(write, tmp_path):
    for name in ("a.png", "b.webp", "c.JPG", "d.jfif", "stray.gif", "e.tif", "f.png"):
        write(f"images/{name}", None)
    for name in ("a.bmp", "b.png", "c.png", "d.png", "notes.json", "e.npy", "g.png"):
        write(f"masks/{name}", None)
    images, masks = (find_files(tmp_path / name) for name in ("images", "masks"))
    with pytest.raises(DataError) as error:
        pair_files(images, masks, "street", "")
    found = [(f.file.split("/")[-1], f.problem) for f in error.value.findings]
    assert found == [
        ("f.png", "has no mask"),
        ("g.png", "has no image"),
        ("b.webp", "is no PNG or JPEG but a WebP"),
        ("e.tif", "is no PNG or JPEG but a TIFF"),
        ("a.bmp", "is no PNG but a BMP"),
        ("e.npy", "is no PNG but a NumPy array"),
    ]
    assert "1 images without a mask, 1 masks without an image, 4 f" in str(error.value)
    with collected_findings() as findings:
        keys, _ = pair_files(images, masks, "street", "")
    assert keys == ["c", "d"]
    assert len(findings) == 6
