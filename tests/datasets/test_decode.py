import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import DataError, SegmentationRecord, read_image, read_mask

RECORD = SegmentationRecord(
    name="street",
    pairs=(),
    classes=("road", "car"),
    palette=((0, 0, 0), (1, 1, 1)),
    id_map={0: 255, 1: 0, 3: 1, 1000: 1},
    cities=(),
)
RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (24, 32, 3), np.uint8)
IDS = np.array([0, 1, 3], np.uint8)[RANDOM.integers(0, 3, (24, 32))]
TRAIN_IDS = np.array([255, 0, 255, 1], np.uint8)[IDS]


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def png(bits, colour_type, rows, width):
    """Return a PNG, byte by byte, from packed rows."""
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in (
        (
            b"IHDR",
            struct.pack(">IIBBBBB", width, len(rows), bits, colour_type, 0, 0, 0),
        ),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))),
        (b"IEND", b""),
    ):
        content += struct.pack(">I", len(data)) + kind + data
        content += struct.pack(">I", zlib.crc32(kind + data))
    return content


def test_image_modes(tmp_path):
    rgb = read_image(save(tmp_path / "rgb.png", IMAGE))
    np.testing.assert_array_equal(rgb, IMAGE)
    assert rgb.dtype == np.uint8
    gray = read_image(save(tmp_path / "gray.png", IMAGE[..., 0]))
    np.testing.assert_array_equal(gray, IMAGE[..., :1].repeat(3, -1))
    rgba = np.concatenate([IMAGE, np.full((24, 32, 1), 9, np.uint8)], -1)
    np.testing.assert_array_equal(read_image(save(tmp_path / "rgba.png", rgba)), IMAGE)


def test_palette_image_with_transparency(tmp_path):
    picture = Image.fromarray(IDS).convert("P")
    picture.putpalette([10, 20, 30, 40, 50, 60] + [70, 80, 90] * 254)
    picture.save(tmp_path / "a.png", transparency=bytes([0, 128, 255, 255]))
    image = read_image(tmp_path / "a.png")
    palette = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90], [70, 80, 90]])
    np.testing.assert_array_equal(image, palette[IDS])


def test_cmyk_image(tmp_path):
    Image.new("CMYK", (32, 24), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    image = read_image(tmp_path / "a.jpg")
    assert np.abs(image.astype(int) - (255, 0, 0)).max() < 4


def test_camera_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    image = read_image(save(tmp_path / "a.png", IMAGE, exif=exif))
    np.testing.assert_array_equal(image, np.rot90(IMAGE, -1))
    labels = read_mask(save(tmp_path / "b.png", IDS, exif=exif), RECORD)
    np.testing.assert_array_equal(labels, np.rot90(TRAIN_IDS, -1))


def test_sixteen_bit_gray_image_is_refused(tmp_path):
    path = save(tmp_path / "a.png", IDS.astype(np.uint16))
    with pytest.raises(DataError, match=r"a\.png: .*mode I;16.* Save it as an 8-bit"):
        read_image(path)


def test_sixteen_bit_colour_image_keeps_its_high_bytes(tmp_path):
    rows = [(row * np.uint16(256) + 77).astype(">u2").tobytes() for row in IMAGE]
    (tmp_path / "a.png").write_bytes(png(16, 2, rows, 32))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), IMAGE)


def mask_files(folder):
    palette = Image.fromarray(IDS).convert("P")
    palette.putpalette([200, 100, 50] * 256)
    palette.save(folder / "palette.png")
    palette.save(folder / "palette_4_bits.png", bits=4)
    save(folder / "gray.png", IDS)
    save(folder / "gray_16_bits.png", IDS.astype(np.uint16))
    save(folder / "equal_channels.png", np.stack([IDS] * 3, -1))
    save(folder / "with_alpha.png", np.stack([IDS, IDS, IDS, IDS + 7], -1))
    save(folder / "gray_alpha.png", np.stack([IDS, IDS + 7], -1))
    two = IDS.reshape(24, 8, 4)
    two = two[..., 0] << 6 | two[..., 1] << 4 | two[..., 2] << 2 | two[..., 3]
    (folder / "gray_2_bits.png").write_bytes(png(2, 0, [r.tobytes() for r in two], 32))
    four = IDS.reshape(24, 16, 2)
    four = four[..., 0] << 4 | four[..., 1]
    (folder / "gray_4_bits.png").write_bytes(png(4, 0, [r.tobytes() for r in four], 32))
    return sorted(folder.iterdir())


def test_mask_modes(tmp_path):
    paths = mask_files(tmp_path)
    assert len(paths) == 9
    for path in paths:
        labels = read_mask(path, RECORD)
        assert labels.dtype == np.uint8
        np.testing.assert_array_equal(labels, TRAIN_IDS, err_msg=path.name)


def test_one_bit_mask(tmp_path):
    Image.fromarray(IDS == 1).save(tmp_path / "a.png")
    labels = read_mask(tmp_path / "a.png", RECORD)
    np.testing.assert_array_equal(labels, np.where(IDS == 1, 0, 255))


def test_large_ids(tmp_path):
    ids = np.where(IDS == 3, 1000, IDS.astype(np.uint16))
    np.testing.assert_array_equal(
        read_mask(save(tmp_path / "a.png", ids), RECORD), TRAIN_IDS
    )


def test_colour_masks(tmp_path):
    colours = {(10, 20, 30): 0, (200, 0, 1): 1, (0, 0, 0): 255}
    record = SegmentationRecord(
        "colours", (), ("road", "car"), ((0, 0, 0),) * 2, colours, ()
    )
    palette = np.array([(0, 0, 0), (10, 20, 30), (9, 9, 9), (200, 0, 1)], np.uint8)
    path = save(tmp_path / "a.png", palette[IDS])
    np.testing.assert_array_equal(read_mask(path, record), TRAIN_IDS)
    with pytest.raises(
        DataError, match=r"shows colours.*id_map whose keys are the col"
    ):
        read_mask(path, RECORD)
    palette[1, 2] = 31
    with pytest.raises(DataError, match=r"\(10, 20, 31\) \(\d+ pixels\)"):
        read_mask(save(path, palette[IDS]), record)


def test_unknown_ids_are_counted(tmp_path):
    ids = IDS.copy()
    ids[0, :5], ids[1, :2] = 40, 254
    with pytest.raises(DataError) as error:
        read_mask(save(tmp_path / "a.png", ids), RECORD)
    assert "street does not know: 40 (5 pixels), 254 (2 pixels)" in str(error.value)
    assert error.value.findings[0].file == str(tmp_path / "a.png")


def test_lossy_and_strange_masks_are_refused(tmp_path):
    save(tmp_path / "a.jpg", IDS)
    with pytest.raises(DataError, match="is a JPEG, whose compression changes ids"):
        read_mask(tmp_path / "a.jpg", RECORD)
    Image.fromarray(IDS.astype(np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="is a TIFF, expected a PNG"):
        read_mask(tmp_path / "a.tif", RECORD)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_broken_files(tmp_path, suffix):
    path = save(tmp_path / f"a.{suffix}", IMAGE)
    whole = path.read_bytes()
    for content, message in (
        (whole[: len(whole) // 2], "is no readable picture or is cut off"),
        (whole[:20], "is no readable picture or is cut off"),
        (b"not a picture at all", "is no readable picture or is cut off"),
        (b"", "the file is empty"),
    ):
        path.write_bytes(content)
        for read in (read_image, lambda path: read_mask(path, RECORD)):
            # A JPEG is no mask, whole or not.
            refused = "is a JPEG" if read is not read_image else message
            with pytest.raises(DataError, match=f"{message}|{refused}") as error:
                read(path)
            assert error.value.findings[0].file == str(path)
    path.unlink()
    with pytest.raises(DataError, match="cannot be opened"):
        read_image(path)


@pytest.mark.parametrize("kind", ["image", "mask", "large ids"])
def test_a_flipped_bit_is_found_wherever_it_is(tmp_path, kind):
    """Bits rot on disks; no label may change with them."""
    array = {"image": IMAGE, "mask": IDS, "large ids": IDS.astype(np.uint16)}[kind]
    path = save(tmp_path / "a.png", array)
    whole = path.read_bytes()
    for place in range(0, len(whole), 1 + len(whole) // 150):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="is no readable picture"):
            read_image(path) if kind == "image" else read_mask(path, RECORD)
    path.write_bytes(whole[:-12])
    with pytest.raises(DataError, match="the end of the PNG is missing"):
        read_image(path)


def bomb(width, height, bits=8, colour_type=0):
    rows = png(bits, colour_type, [bytes(32)], 32)
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return rows[:12] + head + struct.pack(">I", zlib.crc32(head)) + rows[33:]


@pytest.mark.parametrize("size", [(9500, 9500), (30_000, 30_000), (2**31 - 1,) * 2])
@pytest.mark.parametrize("bits", [8, 16])
def test_bombs_are_refused_before_they_are_decoded(tmp_path, size, bits):
    (tmp_path / "a.png").write_bytes(bomb(*size, bits, 2))
    for read in (read_image, lambda path: read_mask(path, RECORD)):
        with pytest.raises(DataError, match=r"a\.png: is too large .*Make it smaller"):
            read(tmp_path / "a.png")


def test_only_png_and_jpeg_are_decoded(tmp_path):
    for kind in ("WebP", "GIF", "BMP", "TIFF"):
        Image.fromarray(IMAGE).save(tmp_path / "a.png", kind)
        for read in (read_image, lambda path: read_mask(path, RECORD)):
            with pytest.raises(DataError, match=f"is a {kind}.*, expected a PNG"):
                read(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9")
    with pytest.raises(DataError, match="is a PostScript file"):
        read_image(tmp_path / "a.png")
    Image.fromarray(IMAGE).save(tmp_path / "a.png", "JPEG")  # The content decides.
    assert read_image(tmp_path / "a.png").shape == IMAGE.shape
    frames = [Image.fromarray(IMAGE), Image.fromarray(IMAGE[::-1])]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match="is an animation of 2 pictures"):
        read_image(tmp_path / "a.png")


def test_what_no_decoder_knows_is_said_so(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"neither one nor the other, and long enough to be a picture")
    with pytest.raises(DataError, match=r"cut off \(cannot identify it\)"):
        read_image(path, (2, 2))
