import struct
import zlib

import numpy as np
import pytest

from keras_pixda.datasets import DataError, read_mask, synthia


def write_16_bit(path, values):
    """Write an RGB PNG of 16 bits a channel, byte by byte."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ):
        content += struct.pack(">I", len(data)) + kind + data
        content += struct.pack(">I", zlib.crc32(kind + data))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture
def root(write, tmp_path):
    for number in range(3):
        write(f"RGB/{number:07}.png", np.zeros((24, 32, 3), np.uint8))
        values = np.zeros((24, 32, 3), np.uint16)
        values[0, :23, 0] = np.arange(23)
        # The second channel holds instances, which mean nothing here.
        values[..., 1] = np.arange(24)[:, None] * 100
        write_16_bit(tmp_path / f"GT/LABELS/{number:07}.png", values)
    return tmp_path


def test_ids_of_the_red_channel(root):
    record = synthia(root)
    assert len(record) == 3
    labels = read_mask(record.pairs[1][1], record)
    assert labels.shape == (24, 32)
    names = [record.classes[i] if i != 255 else "-" for i in labels.ravel()[:23]]
    assert ", ".join(names) == (
        "-, sky, building, road, sidewalk, fence, vegetation, pole, car, traffic sign, "
        "person, bicycle, motorcycle, -, -, traffic light, terrain, rider, truck, bus, "
        "train, wall, -"
    )


def test_the_low_byte_counts(root, tmp_path):
    values = np.zeros((24, 32, 3), np.uint16)
    values[0, 0, 0] = 256 + 3
    write_16_bit(tmp_path / "GT/LABELS/0000000.png", values)
    record = synthia(root)
    with pytest.raises(DataError, match=r"0000000\.png: .* 259 \(1 pixels\)"):
        read_mask(record.pairs[0][1], record)


def test_cut_off_16_bit_file(root):
    record = synthia(root)
    path = root / "GT/LABELS/0000002.png"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"0000002\.png: is no readable picture"):
        read_mask(path, record)


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"GT/LABELS/0000000\.png"):
        synthia(tmp_path)


def test_parsed_labels(write, tmp_path):
    write("RGB/0000000.png", np.zeros((24, 32, 3), np.uint8))
    write("parsed_LABELS/0000000.png", 3)
    record = synthia(tmp_path)
    assert (read_mask(record.pairs[0][1], record) == 0).all()
