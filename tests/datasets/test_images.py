import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import DataError, images, read_image
from keras_pixda.datasets.files import collected_findings

PICTURE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def test_pictures_at_any_depth_of_every_kind(write, tmp_path):
    for name in ("photos/a.png", "photos/day/b.bmp", "photos/day/one/c.JPG"):
        write(name, PICTURE)
    write("photos/notes.json", None)
    record = images(tmp_path / "photos", crop=1.0)
    assert [path[len(str(tmp_path)) :] for path, _ in record.pairs] == [
        "/photos/a.png",
        "/photos/day/b.bmp",
        "/photos/day/one/c.JPG",
    ]
    assert {mask for _, mask in record.pairs} == {None}
    assert (record.classes, record.labelled, record.crop) == ((), False, 1.0)
    for path, _ in record.pairs[:2]:
        np.testing.assert_array_equal(read_image(path), PICTURE)


def test_a_bmp_is_read_by_its_name_alone_and_to_its_end(write, tmp_path):
    path = write("a.bmp", PICTURE)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"a\.bmp: is no readable picture or is cut"):
        read_image(path)
    Image.fromarray(PICTURE).save(tmp_path / "a.bmp", "GIF")
    with pytest.raises(DataError, match=r"a\.bmp: is a GIF, expected a PNG or JPEG"):
        read_image(path)


def test_what_cannot_be_used_is_listed(write, tmp_path):
    for name in ("a.tif", "b.png", "b.jpg", "c.png", "d.webp"):
        write(f"photos/{name}", None)
    with pytest.raises(DataError, match=r"b\.png: has the same name as b\.jpg"):
        images(tmp_path / "photos")
    with collected_findings() as findings:
        record = images(tmp_path / "photos")
    assert len(record) == 2
    assert [finding.problem for finding in findings] == [
        "has the same name as b.jpg",
        "is no PNG or JPEG but a TIFF",
        "is no PNG or JPEG but a WebP",
    ]


def test_a_folder_without_pictures(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"photos does not exist"):
        images(tmp_path / "photos")
    write("photos/list.txt", None)
    with pytest.raises(FileNotFoundError, match=r"images: no pictures found\. Expec"):
        images(tmp_path / "photos")
