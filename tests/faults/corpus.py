"""Pairs of pictures with one fault each, made when they are needed."""

import io
import os
import pickle
import zlib

import numpy as np
from PIL import Image
from png import SIGNATURE, chunk, head

RANDOM = np.random.default_rng(0)
SIZE = 24, 32
PIXELS = RANDOM.integers(0, 256, (*SIZE, 3), np.uint8)
IDS = np.array([0, 1, 255], np.uint8)[RANDOM.integers(0, 3, SIZE)]


def encoded(array, kind="PNG", **options):
    """Return a picture as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(array)).save(buffer, kind, **options)
    return buffer.getvalue()


def bomb(width, height, bits, colour_type):
    """Return a small PNG that claims to be large."""
    parts = head(width, height, bits, colour_type)
    parts += chunk(b"IDAT", zlib.compress(bytes(99)))
    return SIGNATURE + parts + chunk(b"IEND", b"")


def flipped(data, place):
    """Return data with one bit of a byte changed."""
    changed = bytearray(data)
    changed[place] ^= 16
    return bytes(changed)


def marked(array, orientation):
    """Return a PNG with a camera's orientation mark."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(array, exif=exif)


def animation(array):
    """Return a PNG of two frames."""
    other = Image.fromarray(np.asarray(array)[::-1].copy())
    return encoded(array, save_all=True, append_images=[other])


def with_id(value, dtype=np.uint8):
    """Return a mask with one pixel of an id."""
    ids = IDS.astype(dtype)
    ids[3, 4] = value
    return encoded(ids)


def bad_contents():
    """Return `{name: (whether it is the mask, bytes)}` of damaged contents."""
    image, mask, large = (
        encoded(array) for array in (PIXELS, IDS, IDS.astype(np.uint16))
    )
    jpeg = encoded(PIXELS, "JPEG")
    colours = np.stack([IDS, IDS // 2, IDS], -1)
    strange = {
        "no bytes": b"",
        "text": b"not a picture at all\n",
        "a web page": b"<!doctype html><title>404 Not Found</title>",
        "an archive": b"PK\x03\x04" + bytes(60),
        "a pickle": pickle.dumps({"a": 1}),
        "noise": RANDOM.bytes(500),
        "zeros": bytes(4096),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "PDF": b"%PDF-1.4\n",
        "only a signature": image[:8],
        "a bomb": bomb(60_000, 60_000, 8, 2),
        "a bomb of 16 bits": bomb(2**31 - 1, 2**31 - 1, 16, 2),
        "a gray bomb": bomb(10_000, 10_000, 1, 0),
        "no pixels": bomb(0, 0, 8, 0),
        "too few pixels": bomb(300, 300, 8, 0),
        "an impossible depth": bomb(8, 8, 7, 0),
    }
    cases = {
        f"{part}: {name}": (part == "mask", data)
        for part in ("image", "mask")
        for name, data in strange.items()
    }
    for part, data in (("image", image), ("mask", mask), ("16-bit mask", large)):
        is_mask = part != "image"
        for place in (1, 20, 33, len(data) // 2, len(data) - 12, len(data) - 1):
            cases[f"{part}: cut at {place}"] = is_mask, data[:place]
        for place in (1, 18, 24, 45, len(data) // 2, len(data) - 6):
            cases[f"{part}: bit of {place} flipped"] = is_mask, flipped(data, place)
    for place in (3, 20, len(jpeg) // 4, len(jpeg) // 2):
        cases[f"JPEG: cut at {place}"] = False, jpeg[:place]
    for kind in ("WebP", "GIF", "BMP", "TIFF"):
        cases[f"image: a {kind}"] = False, encoded(PIXELS, kind)
        cases[f"mask: a {kind}"] = True, encoded(colours, kind)
    return cases | {
        "image: 16-bit gray": (False, encoded(PIXELS[..., 0].astype(np.uint16))),
        "image: floats": (False, encoded(PIXELS[..., 0].astype("float32"), "TIFF")),
        "image: an animation": (False, animation(PIXELS)),
        "image: other size": (False, encoded(PIXELS[1:])),
        **{f"image: mark {m}": (False, marked(PIXELS, m)) for m in (2, 3, 4)},
        "image: sideways": (False, marked(PIXELS, 6)),
        "mask: mark 3": (True, marked(IDS, 3)),
        "mask: 16 bits, mark 3": (True, marked(IDS.astype(np.uint16), 3)),
        "mask: an animation": (True, animation(IDS)),
        "mask: JPEG": (True, encoded(IDS, "JPEG", quality=100)),
        "mask: colours": (True, encoded(colours)),
        "mask: colours, alpha": (True, encoded(np.dstack([colours, IDS]))),
        "mask: unknown id": (True, with_id(2)),
        "mask: unknown id 254": (True, with_id(254)),
        "mask: unknown large id": (True, with_id(256, np.uint16)),
        "mask: all ignored": (True, encoded(np.full(SIZE, 255, np.uint8))),
        "mask: other size": (True, encoded(IDS[:, 2:])),
        "mask: other way round": (True, encoded(IDS.T)),
        "mask: one pixel": (True, encoded(IDS[:1, :1])),
    }


def _vast(path):
    """Write a file that claims all there is, and takes up nothing."""
    os.truncate(path, 2**40)


def _replaced(make):
    def write(path):
        os.unlink(path)
        make(path)

    return write


# What is no picture of any content: the path of the image or of the mask.
BAD_PLACES = {
    "gone": os.unlink,
    "a folder": _replaced(os.mkdir),
    "a pipe without end": _replaced(os.mkfifo),
    "a link to a device": _replaced(lambda path: os.symlink("/dev/zero", path)),
    "a tebibyte": _vast,
    "a link to itself": _replaced(lambda path: os.symlink(path, path)),
    "a link to nothing": _replaced(lambda path: os.symlink("nothing", path)),
}


def write_pair(root, name, content=None, is_mask=False):
    """Write a pair below `root`, the image or the mask of it with this content."""
    contents = {"images": encoded(PIXELS), "masks": encoded(IDS)}
    if content is not None:
        contents["masks" if is_mask else "images"] = content
    for kind, data in contents.items():
        (root / kind).mkdir(exist_ok=True)
        (root / kind / f"{name}.png").write_bytes(data)
