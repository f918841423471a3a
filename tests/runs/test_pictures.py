"""Which pictures are found, and what is said of those that cannot be read."""

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import DataError
from keras_pixda.datasets.bad_files import BadFiles
from keras_pixda.runs.pictures import find_pictures


def animation(path, colours=((0, 0, 0), (255, 255, 255)), **options):
    first, *rest = (Image.new("RGB", (48, 32), colour) for colour in colours)
    first.save(path, save_all=True, append_images=rest, **options)
    return path


def test_the_frames_of_a_folder_come_in_order(tmp_path):
    for value, name in enumerate(("a/2.jpg", "a/1.png", "b/1.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (4, 3), 10 * value).save(tmp_path / name)
    names, pictures, durations = find_pictures(tmp_path)
    assert (names, durations) == (["a/1", "a/2", "b/1"], None)
    found = [np.asarray(picture) for picture in pictures]
    assert [pixels.shape for pixels in found] == [(3, 4, 3)] * 3
    assert [pixels.max() for pixels in found] == [10, 0, 20]


def test_a_frame_may_differ_in_a_part_only_and_be_transparent(tmp_path):
    black, dot = (Image.new("RGBA", (8, 8), (0, 0, 0, 255)) for _ in range(2))
    dot.putpixel((2, 3), (255, 0, 0, 255))
    black.save(tmp_path / "a.gif", save_all=True, append_images=[dot], duration=70)
    names, pictures, durations = find_pictures(tmp_path / "a.gif")
    assert (names, durations) == (["a/000001", "a/000002"], [70, 70])
    first, second = (np.asarray(picture) for picture in pictures)
    assert first.shape == second.shape == (8, 8, 3)
    assert first.max() == 0
    assert np.argwhere(second.any(axis=-1)).tolist() == [[3, 2]]


def test_a_still_picture_is_no_animation(tmp_path):
    Image.new("RGB", (4, 3)).save(tmp_path / "still.png")
    names, pictures, durations = find_pictures(tmp_path / "still.png")
    assert (names, durations) == (["still"], None)
    assert next(pictures).size == (4, 3)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_that_is_cut_off_is_named(suffix, tmp_path):
    random = np.random.default_rng(0)
    frames = [
        Image.fromarray(random.integers(0, 256, (64, 64, 3), "uint8")) for _ in "abc"
    ]
    path = tmp_path / f"drive{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(ValueError, match=rf"drive{suffix}.*cut off"):
        list(find_pictures(path)[1])


def test_another_file_is_not_given_to_other_decoders(tmp_path):
    path = tmp_path / "drive.gif"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n")
    with pytest.raises(ValueError, match=r"drive\.gif: is no readable animation"):
        find_pictures(path)


@pytest.fixture
def photos(tmp_path):
    """A folder of six kinds of pictures, of a broken one and of other files."""
    folder = tmp_path / "photos"
    (folder / "day").mkdir(parents=True)
    picture = Image.new("RGB", (4, 3))
    for name in ("a.png", "b.JPG", "c.webp", "d.bmp", "day/e.tif", "g.gif"):
        picture.save(folder / name)
    picture.save(folder / "f.jfif", "JPEG")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name in (
        "drive.mp4",
        "notes.txt",
        "scores.npy",
        ".hidden.mp4",
        "._a.png",
        "Thumbs.db",
    ):
        (folder / name).write_bytes(b"0")
    return folder


PROBLEMS = {
    "c.webp": "is no PNG or JPEG but a WebP",
    "d.bmp": "is no PNG or JPEG but a BMP",
    "e.tif": "is no PNG or JPEG but a TIFF",
    "g.gif": "is no PNG or JPEG but a GIF",
    "drive.mp4": "is a video",
    "broken.png": "is no readable picture or is cut off",
}


def named(findings):
    return {f.file.split("/")[-1]: f.problem.split(" (")[0] for f in findings}


def test_every_picture_that_is_not_segmented_is_named(photos):
    with pytest.raises(DataError, match="photos: 6 files cannot be segmented") as error:
        find_pictures(photos)
    assert named(error.value.findings) == PROBLEMS
    assert "--on-bad-file skip" in str(error.value)
    for name in PROBLEMS.keys() - {"broken.png"}:
        next(photos.rglob(name)).unlink()
    names, pictures, _ = find_pictures(photos)
    assert len(names) == 4
    with pytest.raises(DataError, match="1 files cannot be segmented"):
        next(pictures)  # The first one is whole.


def test_pictures_may_be_left_out(photos):
    bad_files = BadFiles("skip")
    names, pictures, _ = find_pictures(photos, bad_files)
    assert names == ["a", "b", "broken", "f"]
    assert [picture and picture.size for picture in pictures] == [
        (4, 3),
        (4, 3),
        None,
        (4, 3),
    ]
    assert named(bad_files.left_out) == PROBLEMS


def test_a_folder_in_the_home_folder(photos, monkeypatch):
    monkeypatch.setenv("HOME", str(photos.parent))
    assert len(find_pictures("~/photos", BadFiles("skip"))[0]) == 4
