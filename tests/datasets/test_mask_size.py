import os
import struct

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from keras_pixda.datasets import folder, read_mask
from keras_pixda.datasets.mask_size import mask_size


@pytest.mark.parametrize("crop", [None, 1.0, 2.5])
@pytest.mark.parametrize("turned", [None, 1, 3, 6])
def test_the_size_is_that_of_the_mask_as_it_is_read(tmp_path, turned, crop):
    path = tmp_path / "mask.png"
    exif = Image.Exif()
    if turned:
        exif[0x0112] = turned
    note = PngImagePlugin.PngInfo()
    note.add_text("date:create", "today")
    picture = Image.fromarray(np.zeros((20, 30), np.uint8))
    picture.save(path, exif=exif, pnginfo=note)
    (tmp_path / "images").mkdir()
    picture.save(tmp_path / "images" / "mask.png")
    (tmp_path / "masks").mkdir()
    picture.save(tmp_path / "masks" / "mask.png")
    record = folder(tmp_path / "images", tmp_path / "masks", ("road",))
    object.__setattr__(record, "crop", crop)
    assert mask_size(path, crop) == read_mask(path, record).shape


def test_a_mark_in_a_text_counts(tmp_path):
    path = tmp_path / "mask.png"
    note = PngImagePlugin.PngInfo()
    packet = '<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'
    note.add_itxt("XML:com.adobe.xmp", packet)
    Image.new("L", (30, 20)).save(path, pnginfo=note)
    assert mask_size(path) == (30, 20)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\0" * 99])
def test_what_is_no_png_has_no_size(tmp_path, content):
    path = tmp_path / "mask.png"
    path.write_bytes(content)
    assert mask_size(path) is None
    assert mask_size(tmp_path / "missing.png") is None


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "mask.png")
    assert mask_size(tmp_path / "mask.png") is None


def test_a_claim_of_too_many_pixels_is_no_size(tmp_path):
    header = struct.pack(">I4sII", 13, b"IHDR", 2**31 - 1, 2**31 - 1)
    (tmp_path / "mask.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + bytes(9))
    assert mask_size(tmp_path / "mask.png") is None
