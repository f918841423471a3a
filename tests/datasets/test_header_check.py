"""Heads of files tell what is wrong with them, in the words of the whole check."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from keras_pixda.cli import main
from keras_pixda.datasets import DataCheck, folder, images
from keras_pixda.datasets.header_check import HeaderCheck


@pytest.fixture
def undecoded(monkeypatch):
    """Let no file be decoded."""

    def decode(*args, **kwargs):
        raise AssertionError("a file was decoded")

    monkeypatch.setattr("keras_pixda.datasets.decode._decode", decode)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)


def test_nothing_is_decoded_where_nothing_is_unusual(
    make_record, write, tmp_path, undecoded
):
    record = make_record(cities={"ulm": 2})
    photo = tmp_path / "street/images/ulm/ulm_001.png"
    photo.unlink()
    Image.new("RGB", (32, 24)).save(photo.with_suffix(".jpg"))
    write("street/masks/ulm/ulm_001.png", np.ones((24, 32), np.uint16))
    steps = []
    record = folder(
        tmp_path / "street/images", tmp_path / "street/masks", record.classes
    )
    checked = HeaderCheck(record, lambda *step: steps.append(step))
    assert checked.findings == []
    assert checked.by_pair == [(), ()]
    assert steps == [(1, 2), (2, 2)]
    lines = [line.split() for line in checked.table().splitlines()]
    assert lines[1:] == [
        ["images", "JPEG", "RGB", "32", "x", "24", "1"],
        ["images", "PNG", "RGB", "32", "x", "24", "1"],
        ["masks", "PNG", "I;16", "32", "x", "24", "1"],
        ["masks", "PNG", "L", "32", "x", "24", "1"],
    ]


def turn(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(path).save(path, exif=exif)


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def as_jpeg(path):
    Image.open(path).convert("RGB").save(path, format="JPEG")


FAULTS = {
    "no file": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "empty": lambda path: path.write_bytes(b""),
    "rubbish": lambda path: path.write_bytes(b"rubbish"),
    "cut": cut,
    "as JPEG": as_jpeg,
    "JPEG that is cut": lambda path: (as_jpeg(path), cut(path)),
    "GIF": lambda path: Image.open(path).convert("L").save(path, format="GIF"),
    "turned": turn,
    "something behind it": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "another size": lambda path: Image.open(path).resize((9, 9)).save(path),
    "colours": lambda path: Image.effect_noise((32, 24), 9).convert("RGB").save(path),
    "16 bits": lambda path: Image.new("I;16", (32, 24)).save(path),
}


@pytest.mark.parametrize("part", ["images", "masks"])
@pytest.mark.parametrize("fault", FAULTS)
def test_finds_what_the_whole_check_finds(make_record, tmp_path, fault, part):
    record = make_record(cities={"ulm": 2})
    FAULTS[fault](tmp_path / f"street/{part}/ulm/ulm_001.png")
    expected = DataCheck(record).by_pair
    assert HeaderCheck(record).by_pair == expected
    assert expected[0] == ()


def test_an_animation(make_record, tmp_path):
    record = make_record()
    frames = [Image.new("RGB", (32, 24), colour) for colour in ("red", "blue")]
    frames[0].save(record.pairs[0][0], save_all=True, append_images=frames[1:])
    [finding] = HeaderCheck(record).findings
    assert "animation" in finding.problem


def test_pictures_alone_and_those_that_look_like_masks(make_record, write, tmp_path):
    record = make_record()
    pictures = images(tmp_path / "street/images")
    checked = HeaderCheck(pictures)
    assert checked.findings == []
    assert checked.table().split()[-1] == "4"
    masks = images(tmp_path / "street/masks")
    assert HeaderCheck(masks).findings == DataCheck(masks).findings != []
    write("street/images/ulm/ulm_000.png", None)
    assert HeaderCheck(record).findings == DataCheck(record).findings


def test_masks_of_colours(make_record, write):
    record = make_record()
    for _, mask in record.pairs:
        Image.open(mask).convert("RGB").save(mask)
    coded = dataclasses.replace(record, id_map={(0, 0, 0): 0, (1, 1, 1): 1})
    assert HeaderCheck(coded).findings == []


def test_the_command(make_record, write, tmp_path, capsys):
    make_record()
    (tmp_path / "classes.txt").write_text("road\nother\n")
    street = tmp_path / "street"
    data = f"folder:{street}/images,{street}/masks,{tmp_path}/classes.txt"
    assert main(["check", data, "--fast"]) == 0
    shown = capsys.readouterr().out
    assert "32 x 24" in shown
    assert "4 pairs: no problems" in shown
    write("street/masks/ulm/ulm_002.png", np.zeros((9, 9), np.uint8))
    assert main(["check", data, "--fast"]) == 1
    assert "ulm_002.png: is 9x9 pixels" in capsys.readouterr().out
    assert main(["check", data, "--fast", "--preview", str(tmp_path / "p")]) == 2
    assert "leave out one" in capsys.readouterr().err
