"""A plain PNG encoder for all kinds of pixels, also those that Pillow cannot write."""

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6


def chunk(kind, data):
    """Return a part of a PNG with a right checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def head(width, height, bits, colour_type):
    """Return the first part of a PNG."""
    return chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    )


def png(values, bits=8, colour_type=GRAY, palette=None):
    """Return the file of values `(height, width)` or `(height, width, channels)`."""
    height, width = values.shape[:2]
    rows = values.reshape(height, -1).astype(">u2")
    if bits < 16:
        # The bits of every value, then bytes of eight of them.
        rows = np.unpackbits(rows.astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :]
        data = [b"\0" + np.packbits(row).tobytes() for row in rows.reshape(height, -1)]
    else:
        data = [b"\0" + row.tobytes() for row in rows]
    parts = [head(width, height, bits, colour_type)]
    if palette is not None:
        parts.append(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    parts += [chunk(b"IDAT", zlib.compress(b"".join(data))), chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(parts)
