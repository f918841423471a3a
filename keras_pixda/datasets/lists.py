"""Text lists: of classes, and of images by name."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.home import home
from keras_pixda.read_text import read_text
from keras_pixda.typing import FilePath


def read_list(path: FilePath, what: str = "image") -> list[tuple[int, str]]:
    """`(line number, name)` of the lines of a list file that are not blank.

    Args:
        path: The list, as any editor writes it; a `~` at its start is the home folder.
        what: What the names are of, for messages. Defaults to `"image"`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no name or is no text.
    """
    path = home(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"The list {path} does not exist. Expected a text file with one {what} "
            "name a line"
        )
    lines = enumerate(read_text(path).split("\n"), 1)
    # Lists that were put together may hold the mark of each.
    names = [(number, line.replace("\ufeff", "").strip()) for number, line in lines]
    names = [(number, name) for number, name in names if name]
    if not names:
        raise ValueError(f"The list {path} is empty. Expected one {what} name a line")
    for number, name in names:
        if any(unicodedata.category(letter) == "Cc" for letter in name):
            raise ValueError(
                f"{path}, line {number}: {_shown(name)} is no name of a {what}"
            )
    return names


def read_classes(path: FilePath) -> tuple[str, ...]:
    """The class names of a list file, in the order of the ids.

    Args:
        path: The list, one class name a line.

    Raises:
        DataError: If a name comes twice or a line is a comment; lists all of them.
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no name or is no text.
    """
    names, findings = {}, []
    for line, name in read_list(path, "class"):
        problem = None
        if name.startswith(("[", "{")):
            problem = f"{_shown(name)} looks like JSON, expected one class name a line"
        elif name.startswith("#"):
            problem = f"{_shown(name)} looks like a comment, expected a class name"
        elif name in names:
            problem = f"{_shown(name)} stands here again, first in line {names[name]}"
        if problem:
            place = f"{path}, line {line}"
            findings.append(Finding(place, problem, "Correct or delete the line."))
        names.setdefault(name, line)
    if findings:
        raise DataError(findings)
    return tuple(names)


def find_listed(
    path: FilePath, images: Sequence[FilePath], once: bool = False
) -> list[int]:
    """The positions of the images that a list file names, line by line.

    Args:
        path: The list, one name a line. A name is the end of an image's path or the
            whole of it, with or without suffix, divided by `/` or as on Windows.
        images: The paths to find them in.
        once: Whether no image may be named twice. Defaults to `False`.

    Raises:
        DataError: If a name is missing, fits several images or comes again.
    """
    images = [PurePath(_normal(os.path.abspath(image))) for image in images]
    # Positions by the last parts of the path, one table for each number of parts.
    tables = {}

    def find(name):
        parts = PurePath(_normal(name)).parts
        while parts[:1] == ("..",):
            parts = parts[1:]
        depth = len(parts)
        if depth not in tables:
            tables[depth] = {}
            for index, image in enumerate(images):
                for variant in (image, image.with_suffix("")):
                    tail = variant.parts[-depth:]
                    tables[depth].setdefault(tail, []).append(index)
        return tables[depth].get(parts, [])

    positions, lines, findings = [], {}, []
    for line, name in read_list(path):
        # On Linux a name may hold a backslash; on Windows it divides folders.
        plain = name.replace("\\", "/")
        found = find(name) or find(plain) or find(plain.lstrip("/"))
        problem = None
        if not found:
            problem = f"{name} is not among the {len(images)} images"
        elif len(found) > 1:
            problem = f"{name} fits {len(found)} images, such as {images[found[1]]}"
        elif once and found[0] in lines:
            problem = f"{name} stands here again, first in line {lines[found[0]]}"
        if problem:
            place = f"{path}, line {line}"
            findings.append(Finding(place, problem, "Correct or delete the line."))
        else:
            positions.append(found[0])
            lines.setdefault(found[0], line)
    if findings:
        raise DataError(findings)
    return positions


def _normal(path):
    # Systems differ in whether an accent is part of its letter.
    return unicodedata.normalize("NFC", str(path))


def _shown(name):
    """A name in a message, cut where it is longer than any that was meant."""
    return repr(name) if len(name) <= 200 else f"{name[:100]!r}..."
