"""Pictures of any kind of pixels are read as they are, or refused; never misread."""

import io

import numpy as np
import png
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from keras_pixda.datasets import DataError, SegmentationRecord, read_image, read_mask

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))
# Bits and kind of the pixels of a PNG.
KINDS = (
    *[(bits, png.GRAY) for bits in (1, 2, 4, 8, 16)],
    *[(bits, png.PALETTE) for bits in (1, 2, 4, 8)],
    *[(bits, k) for bits in (8, 16) for k in (png.RGB, png.GRAY_ALPHA, png.RGB_ALPHA)],
)
CHANNELS = {png.RGB: 3, png.GRAY_ALPHA: 2, png.RGB_ALPHA: 4}
TURNS = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image.swapaxes(0, 1)[::-1, ::-1],
    8: np.rot90,
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures") / "a picture.png"


def write(path, content):
    path.unlink(missing_ok=True)  # Faster than to write over it.
    path.write_bytes(content)


def record(id_map):
    classes = ("road", "car", "sky")
    return SegmentationRecord("street", (), classes, ((0, 0, 0),) * 3, id_map, ())


def id_maps(keys):
    return st.dictionaries(
        keys, st.sampled_from([0, 1, 2, 255]), min_size=1, max_size=6
    )


def nearest(values, size):
    """Of every pixel of the result, the one under its centre."""
    rows, columns = (
        [int((i + 0.5) * old / new) for i in range(new)]
        for old, new in zip(values.shape, size, strict=True)
    )
    return values[rows][:, columns]


@given(st.sampled_from(KINDS), SIZES, SIZES, st.data())
def test_ids(path, kind, size, new_size, data):
    bits, colour_type = kind
    every = st.integers(0, 2**bits - 1)
    id_map = data.draw(id_maps(every))
    ids = data.draw(arrays(np.uint16, size, elements=st.sampled_from(sorted(id_map))))
    if data.draw(st.integers(0, 3)) == 0:
        ids[0, -1] = data.draw(every)
    values, palette = ids, None
    if colour_type in CHANNELS:
        values = np.repeat(ids[..., None], CHANNELS[colour_type], axis=-1)
        if colour_type != png.RGB:
            values[..., -1] = data.draw(every)  # How transparent has no meaning.
    if colour_type == png.PALETTE:
        palette = data.draw(arrays(np.uint8, (2**bits, 3)))
    write(path, png.png(values, bits, colour_type, palette))
    unknown = {*ids.flat} - {*id_map}
    if unknown:
        with pytest.raises(DataError, match=rf"does not know: {min(unknown)} \(1 pix"):
            read_mask(path, record(id_map))
        return
    expected = np.vectorize(lambda value: id_map[value], otypes=[np.uint8])(ids)
    np.testing.assert_array_equal(read_mask(path, record(id_map)), expected)
    resized = read_mask(path, record(id_map), new_size)
    np.testing.assert_array_equal(resized, nearest(expected, new_size))


@given(SIZES, st.data())
def test_colours_are_never_taken_for_ids(path, size, data):
    colours = data.draw(arrays(np.uint8, (*size, 3)))
    write(path, png.png(colours, 8, png.RGB))
    ids = record(dict.fromkeys(range(256), 0))
    if (colours == colours[..., :1]).all():
        assert not read_mask(path, ids).any()
    else:
        with pytest.raises(DataError, match="shows colours"):
            read_mask(path, ids)


@given(SIZES, st.data())
def test_colour_codes(path, size, data):
    byte = st.integers(0, 255)
    id_map = data.draw(id_maps(st.tuples(byte, byte, byte)))
    known = st.sampled_from(sorted(id_map))
    pixels = [data.draw(known) for _ in range(size[0] * size[1])]
    if data.draw(st.integers(0, 3)) == 0:
        pixels[-1] = data.draw(st.tuples(byte, byte, byte))
    alpha = data.draw(st.booleans())
    values = np.array(pixels, np.uint8).reshape(*size, 3)
    if alpha:
        values = np.concatenate([values, values[..., :1]], -1)
    write(path, png.png(values, 8, png.RGB_ALPHA if alpha else png.RGB))
    if pixels[-1] in id_map:
        expected = np.reshape([id_map[pixel] for pixel in pixels], size)
        np.testing.assert_array_equal(read_mask(path, record(id_map)), expected)
    else:
        with pytest.raises(DataError, match="ids that street does not know"):
            read_mask(path, record(id_map))


@given(st.sampled_from(KINDS), SIZES, st.data())
def test_images(path, kind, size, data):
    bits, colour_type = kind
    channels = CHANNELS.get(colour_type, 1)
    every = st.integers(0, 2**bits - 1)
    values = data.draw(arrays(np.uint16, (*size, channels), elements=every))
    palette = None
    if colour_type == png.PALETTE:
        palette = data.draw(arrays(np.uint8, (2**bits, 3)))
    write(path, png.png(values, bits, colour_type, palette))
    if bits == 16 and colour_type == png.GRAY:
        with pytest.raises(DataError, match="expected 8 bits a channel"):
            read_image(path)
        return
    if colour_type == png.PALETTE:
        expected = palette[values[..., 0]]
    else:
        # All of the range becomes 0..255.
        shown = values >> 8 if bits == 16 else values * (255 // (2**bits - 1))
        expected = shown[..., :3] if channels > 2 else np.repeat(shown[..., :1], 3, -1)
    np.testing.assert_array_equal(read_image(path), expected)


@given(arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 2, st.just(3))), st.data())
def test_marks_of_a_camera(path, pixels, data):
    mark = data.draw(st.sampled_from(sorted(TURNS)))
    exif = Image.Exif()
    exif[0x0112] = mark
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    write(path, buffer.getvalue())
    np.testing.assert_array_equal(read_image(path), TURNS[mark](pixels))


@given(st.binary(max_size=60), st.sampled_from([b"", png.SIGNATURE, b"\xff\xd8\xff"]))
def test_anything_else_is_refused_by_name(path, content, start):
    write(path, start + content)
    for read in (read_image, lambda path: read_mask(path, record({0: 0}))):
        with pytest.raises(DataError) as error:
            read(path)
        assert [finding.file for finding in error.value.findings] == [str(path)]
