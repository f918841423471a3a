"""Text files as people's editors write them."""

import codecs
import pathlib

from keras_pixda.typing import FilePath

# What editors put at the start, the longer marks first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: FilePath) -> str:
    r"""The text of a file in UTF-8, or in another Unicode form that is marked.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.read_text import read_text

    with tempfile.TemporaryDirectory() as root:
        path = pathlib.Path(root, "classes.txt")
        path.write_bytes(b"\xef\xbb\xbfroad\r\ncar")
        text = read_text(path)
    assert text == "road\ncar"
    ```

    Args:
        path: The file.

    Returns:
        The text without a mark, whose lines end in `"\n"`.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no such text; names the line.
    """
    data = pathlib.Path(path).read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    if encoding.startswith("utf-8") and b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: is not UTF-8 text (a zero byte, of UTF-16 without "
            "its mark perhaps). Save it as UTF-8."
        )
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: is not UTF-8 text (the byte "
            f"0x{data[error.start]:02x}, of Latin-1 perhaps). Save it as UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
