"""Turn files into pixels; the one place that knows how they can be broken."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from keras_pixda.datasets.data_error import DataError, Finding

IMAGE_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
MASK_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")


def decode_picture(path):
    """Return a decoded Pillow picture in RGB."""
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
    return picture.convert("RGB")


def decode_ids(path, record):
    """Return what a mask holds: ids `(height, width)` or colours `(.., .., 3)`."""
    data = _read_bytes(path)
    bits, colour_type = _png_header(data)
    if bits == 16:
        values = _decode_16_bit(path, data)
    else:
        picture = _decode(path, data)
        if picture.format in ("JPEG", "MPO"):
            raise fault(
                path,
                "is a JPEG, whose compression changes ids",
                "Make the mask anew as a PNG.",
            )
        if picture.mode not in MASK_MODES:
            raise fault(
                path,
                f"has pixels of Pillow mode {picture.mode}, expected ids",
                "Save the mask as an 8-bit gray or palette PNG.",
            )
        if record.is_colour_coded:
            picture = picture.convert("RGB")
        values = np.asarray(picture)
        if bits in (2, 4) and colour_type == 0:
            # Pillow stretches gray of few bits to 0..255.
            values = values // (255 // (2**bits - 1))
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


def fault(path, problem, remedy):
    """Return the error of one file."""
    return DataError([Finding(str(path), problem, remedy)])


def _read_bytes(path):
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise fault(
            path, f"cannot be opened ({error.strerror})", "Restore the file."
        ) from error
    if not data:
        raise fault(path, "the file is empty (0 bytes)", "Restore the file.")
    return data


def _decode(path, data):
    try:
        picture = Image.open(io.BytesIO(data))
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
    # A broken file can make the decoders raise nearly anything.
    except Exception as error:
        raise _unreadable(path, error) from error
    return picture


def _decode_16_bit(path, data):
    # Pillow keeps only the high byte of a 16-bit colour PNG.
    import tensorflow as tf

    try:
        values = tf.io.decode_png(data, dtype=tf.uint16).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise _unreadable(path, error) from error
    return values[..., 0] if values.shape[-1] == 1 else values


def _png_header(data):
    """Return bits a channel and colour type of a PNG, `(None, None)` of others."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 26:
        return None, None
    return data[24], data[25]


def _unreadable(path, error):
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return fault(
        path, f"is no readable picture or is cut off ({text})", "Restore the file."
    )
