"""How large a mask is, without decoding it."""

import struct
from pathlib import Path
from typing import BinaryIO

from keras_pixda.datasets.data_error import DataError
from keras_pixda.datasets.decode import MAX_PIXELS, PNG_SIGNATURE, orientation_mark
from keras_pixda.datasets.reader import cropped_size
from keras_pixda.typing import FilePath, Size

# What of a PNG can say how it is to be turned: a part, or a text of this name.
_MARK, _TEXTS = b"eXIf", (b"iTXt", b"tEXt", b"zTXt")
_NAMES = (b"Raw profile type", b"XML:com.adobe.xmp")


def mask_size(path: FilePath, crop: float | None = None) -> Size | None:
    """The size that `read_mask` gives a mask, from the head of its file.

    Example:
    ```python
    import tempfile

    from PIL import Image

    from keras_pixda.datasets.mask_size import mask_size

    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        Image.new("L", (32, 24)).save(file.name)
        assert mask_size(file.name) == (24, 32)
        assert mask_size(file.name, crop=1.0) == (24, 24)
    ```

    Args:
        path: A PNG file.
        crop: As of a `SegmentationRecord`. Defaults to `None`.

    Returns:
        `(height, width)`, or `None` if the file cannot be used; reading it says why.
    """
    try:
        if not Path(path).is_file():  # A pipe would be waited for.
            return None
        with open(path, "rb") as file:
            if file.read(8) != PNG_SIGNATURE:
                return None
            _, kind, width, height = struct.unpack(">I4sII", file.read(16))
            if kind != b"IHDR" or not 0 < width * height <= MAX_PIXELS:
                return None
            marked = may_be_turned(file)
        if marked and orientation_mark(path) >= 5:  # A quarter turn.
            width, height = height, width
    except (OSError, struct.error, DataError):
        return None
    width, height = cropped_size(width, height, crop)
    return height, width


def may_be_turned(file: BinaryIO) -> bool:
    """Whether any part of an open PNG may hold a camera's mark."""
    place = len(PNG_SIGNATURE)
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return False
        if head[4:] == _MARK:
            return True
        if head[4:] in _TEXTS and file.read(32).startswith(_NAMES):
            return True
        place += 12 + int.from_bytes(head[:4])
