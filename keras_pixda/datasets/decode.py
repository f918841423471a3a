"""Turn files into pixels; the one place that knows how they can be broken."""

import io
import os
import stat
import zlib
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath

IMAGE_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
# No other decoder of Pillow is let near a file: one of them starts a program.
# A JPEG with several views, an MPO, is opened as a JPEG: no name of its own for that.
FORMATS = ("PNG", "JPEG")
# Larger pictures are taken for decompression bombs: 8 bytes a pixel, 0.7 GiB.
MAX_PIXELS = 89_478_485  # The size from which Pillow warns.
MAX_BYTES = 2**30
BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
STARTS = (
    (PNG_SIGNATURE, "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%!PS", "PostScript file"),
    (b"%PDF", "PDF"),
)
ORIENTATION, UPRIGHT = ExifTags.Base.Orientation, 1


def decode_picture(path: FilePath) -> Image.Image:
    """A decoded Pillow picture in RGB.

    Its `info["orientation"]` is the camera's mark, which has been obeyed, and
    `info["mode"]` the mode of Pillow that the file has.
    """
    picture = _decode(path, _read_bytes(path))
    if picture.mode not in IMAGE_MODES:
        raise fault(
            path,
            f"has pixels of Pillow mode {picture.mode}, expected 8 bits a channel",
            "Save it as an 8-bit RGB PNG or JPEG.",
        )
    # Straight to RGB, a palette with transparent entries would warn.
    if picture.mode in ("P", "PA"):
        picture = picture.convert("RGBA")
    # Converting would copy.
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def decode_mask(path: FilePath, record: SegmentationRecord) -> tuple[np.ndarray, int]:
    """What a mask holds, and the camera's mark of how it was turned, 1 if it was not.

    Ids `(height, width)` or colours `(height, width, 3)`; the mark has been obeyed.
    """
    data = _read_bytes(path)
    if not data.startswith(PNG_SIGNATURE):
        kind = _kind(data)
        if kind is None:
            raise _unreadable(path, "cannot identify it")
        raise fault(
            path,
            f"is a {kind}, whose compression changes ids, expected a PNG"
            if kind in ("JPEG", "WebP")
            else f"is a {kind}, expected a PNG",
            "Make the mask anew as a PNG.",
        )
    bits, colour_type = data[24:26] if len(data) > 26 else (None, None)
    orientation = UPRIGHT
    if bits == 16:
        values = _decode_16_bit(path, data)
    else:
        picture = _decode(path, data)
        orientation = picture.info["orientation"]
        if record.is_colour_coded:
            picture = picture.convert("RGB")
        values = np.asarray(picture)
        if values.dtype == bool:
            values = values.astype(np.uint8)
        if bits in (2, 4) and colour_type == 0:
            # Pillow stretches gray of few bits to 0..255.
            values = values // (255 // (2**bits - 1))
    return _one_channel(path, values, record), orientation


def _one_channel(path, values, record):
    """Colours as they are, and the one channel that holds the ids."""
    if record.is_colour_coded or values.ndim == 2:
        return values
    if values.shape[-1] in (2, 4):
        values = values[..., :-1]
    if record.mask_channel is not None:
        return values[..., record.mask_channel]
    if (values != values[..., :1]).any():
        raise fault(
            path,
            "shows colours, expected one id a pixel",
            "Save ids, or give the record an id_map whose keys are the colours, "
            "such as {(128, 64, 128): 0}.",
        )
    return values[..., 0]


def orientation_mark(path: FilePath) -> int:
    """The camera's mark of how a picture is to be turned, 1 if it is not."""
    return _decode(path, _read_bytes(path)).info["orientation"]


def fault(path: FilePath, problem: str, remedy: str) -> DataError:
    """The error of one file."""
    return DataError([Finding(str(path), problem, remedy)])


def _read_bytes(path):
    try:
        status = os.stat(path)
        # Pipes and devices may have no end.
        if not stat.S_ISREG(status.st_mode):
            raise fault(path, "is not a file", "Restore the file.")
        if status.st_size > MAX_BYTES:
            raise _too_large(path, f"{status.st_size} bytes")
        data = Path(path).read_bytes()
    except OSError as error:
        raise fault(
            path, f"cannot be opened ({error.strerror})", "Restore the file."
        ) from error
    if not data:
        raise fault(path, "the file is empty (0 bytes)", "Restore the file.")
    return data


def _decode(path, data):
    """A whole, upright picture of Pillow."""
    # A broken file can make the decoders raise nearly anything.
    try:
        _check_png(data)
        named = ("BMP", *FORMATS) if str(path).lower().endswith(".bmp") else FORMATS
        picture = Image.open(io.BytesIO(data), formats=named)
    except Exception as error:
        if isinstance(error, BOMBS):
            raise _too_large(path, str(error)) from error
        raise _unreadable(path, error, data) from error
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise _too_large(path, f"{width}x{height} pixels")
    # A JPEG with further views of the scene, an MPO, shows the main one first.
    if picture.format == "PNG" and getattr(picture, "is_animated", False):
        raise fault(
            path,
            f"is an animation of {picture.n_frames} pictures",
            "Save the one that is meant.",
        )
    try:
        picture.load()
        orientation = picture.getexif().get(ORIENTATION, UPRIGHT)
        ImageOps.exif_transpose(picture, in_place=True)
    except Exception as error:
        raise _unreadable(path, error) from error
    picture.info["orientation"] = orientation
    picture.info["mode"] = picture.mode
    return picture


def _decode_16_bit(path, data):
    picture = _decode(path, data)
    if picture.info["orientation"] != UPRIGHT:
        raise fault(
            path,
            "is a 16-bit mask with a camera's orientation mark",
            "Save the mask upright, without the mark.",
        )
    # Pillow keeps only the high byte of a 16-bit colour PNG.
    import tensorflow as tf

    try:
        values = tf.io.decode_png(data, dtype=tf.uint16).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise _unreadable(path, error) from error
    return values[..., 0] if values.shape[-1] == 1 else values


def _check_png(data):
    """Raise if a PNG is cut off or a checksum is wrong; Pillow looks at few of them."""
    if not data.startswith(PNG_SIGNATURE):
        return
    place, kind = len(PNG_SIGNATURE), None
    while kind != b"IEND":
        head = data[place : place + 8]
        length, kind = int.from_bytes(head[:4]), head[4:]
        end = place + 8 + length
        if len(data) < end + 4:
            raise ValueError("the end of the PNG is missing")
        if zlib.crc32(data[place + 4 : end]) != int.from_bytes(data[end : end + 4]):
            raise ValueError(f"the checksum of the PNG's {kind!r} is wrong")
        place = end + 4


def _kind(data):
    """What a file seems to be by its first bytes, `None` if unknown."""
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    return next((kind for start, kind in STARTS if data.startswith(start)), None)


def _too_large(path, size):
    return fault(
        path,
        f"is too large ({size}), expected {MAX_PIXELS // 10**6} million pixels at most",
        "Make it smaller or cut it into pieces.",
    )


def _unreadable(path, error, data=b""):
    kind = _kind(data)
    if kind not in (None, "PNG", "JPEG"):
        return fault(
            path, f"is a {kind}, expected a PNG or JPEG", "Save it as one of these."
        )
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, Image.UnidentifiedImageError):
        text = "cannot identify it"
    return fault(
        path, f"is no readable picture or is cut off ({text})", "Restore the file."
    )
