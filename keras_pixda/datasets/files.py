"""Find the files of a data set and pair every image with its mask."""

import contextlib
import contextvars
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.home import home
from keras_pixda.typing import FilePath

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".jpe")
ARRAY_SUFFIXES = (".npy", ".npz")
# Kinds by suffix that are no PNG or JPEG: never read, but never passed over either.
OTHER_KINDS = {
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".heic": "HEIC",
    ".heif": "HEIF",
    ".jp2": "JPEG 2000",
    ".npy": "NumPy array",
    ".npz": "NumPy archive",
    ".pbm": "PBM",
    ".pgm": "PGM",
    ".ppm": "PPM",
    ".tga": "TGA",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
}


def require_folders(root: FilePath, names: Iterable[str], layout: str) -> list[Path]:
    """The named folders below `root`; an error shows the layout that was expected."""
    folders = [home(root) / name for name in names]
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(
                f"The folder {folder} does not exist. Expected layout:\n{layout}"
            )
    return folders


def find_images_and_masks(
    root: FilePath, names: Iterable[str], layout: str, labelled: bool = True
) -> tuple["FoundFiles", "FoundFiles | None"]:
    """The files of two folders below `root`, those of the masks only if asked for.

    Args:
        root: Folder of the data set.
        names: Of the folder of the images and of that of the masks.
        layout: The layout to show where one is missing.
        labelled: Whether the masks are wanted. Defaults to `True`; `None` takes their
            place, and nothing of them is looked at.
    """
    images, masks = names
    if not labelled:
        return find_files(*require_folders(root, [images], layout)), None
    return tuple(map(find_files, require_folders(root, [images, masks], layout)))


class FoundFiles(dict):
    """Paths of pictures by key.

    Attributes:
        others: Paths by key of files of `OTHER_KINDS`.
    """

    def __init__(
        self,
        files: Mapping[str, Path] | Iterable = (),
        others: Mapping[str, Path] | Iterable = (),
    ):
        super().__init__(files)
        self.others = dict(others)

    def choose(self, key_of: Callable[[str], str | None]) -> "FoundFiles":
        """The files whose key `key_of(key)` is not `None`, by that key."""
        chosen = (
            {new: path for key, path in files.items() if (new := key_of(key))}
            for files in (self, self.others)
        )
        return FoundFiles(*chosen)

    def ending(self, ending: str) -> "FoundFiles":
        """The files whose keys have an ending, without it."""
        return self.choose(
            lambda key: key.removesuffix(ending) if key.endswith(ending) else None
        )


def find_files(
    folder: FilePath, suffixes: Sequence[str] = PICTURE_SUFFIXES
) -> FoundFiles:
    """The pictures below a folder by their path in it without suffix.

    Args:
        folder: Where to look, at any depth.
        suffixes: Of the pictures, in small letters. Defaults to PNG and JPEG.

    Returns:
        The `FoundFiles`.

    Raises:
        DataError: If a folder or a file cannot be used; lists all of them.
    """
    folder = Path(folder)
    found = FoundFiles()
    paths, findings = _walk(folder)
    for path in paths:
        suffix = path.suffix.lower()
        # Systems differ in whether an accent is part of its letter.
        key = path.relative_to(folder).as_posix()[: -len(suffix) or None]
        key = unicodedata.normalize("NFC", key)
        if suffix not in suffixes:
            if suffix in OTHER_KINDS:
                found.others[key] = path
            continue
        try:
            problem = _problem_of_name(path)
        except OSError as error:
            problem = f"cannot be opened ({error.strerror})"
        if problem:
            findings.append(Finding(_shown(path), problem, "Mend or remove it."))
            continue
        if key in found:
            problem = f"has the same name as {found[key].name}"
            findings.append(Finding(str(path), problem, "Keep one of the two."))
            continue
        found[key] = path
    stop_or_collect(findings)
    return found


def _walk(folder, parents=()):
    """The files below a folder, sorted, and what keeps some from being seen."""
    try:
        with os.scandir(folder) as entries:
            entries = sorted(entries, key=lambda entry: entry.name)
        parents = (*parents, folder.resolve())
    except OSError as error:
        problem = f"the folder cannot be opened ({error.strerror})"
        return [], [Finding(_shown(folder), problem, "Allow to read it.")]
    files, findings = [], []
    for entry in entries:
        # Names with a leading dot are left behind by file managers.
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        # What the folder says of a file itself needs no look at it; links do.
        if not (path.is_dir() if entry.is_symlink() else entry.is_dir()):
            files.append(path)
        elif path.resolve() in parents:
            problem = f"is {path.resolve()} again, a link goes in a circle"
            findings.append(Finding(_shown(path), problem, "Remove the link."))
        else:
            more_files, more_findings = _walk(path, parents)
            files += more_files
            findings += more_findings
    return files, findings


def _problem_of_name(path):
    """Why a file that is called like a picture can be none, or `None`."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if stat.S_ISREG(path.stat().st_mode):
        return None
    return "is not a file"


def _shown(path):
    return str(path).encode(errors="backslashreplace").decode()


_collected = contextvars.ContextVar("_collected", default=None)


@contextlib.contextmanager
def collected_findings() -> Iterator[list[Finding]]:
    """Collect what would stop a record from being made; yields the list of it."""
    findings = []
    token = _collected.set(findings)
    try:
        yield findings
    finally:
        _collected.reset(token)


def stop_or_collect(findings: Sequence[Finding], headline: str | None = None) -> None:
    """Raise the `DataError` of findings, or note them where they are collected."""
    collected = _collected.get()
    if findings and collected is None:
        raise DataError(findings, headline)
    if findings:
        collected.extend(findings)


def pair_files(
    images: Mapping[str, Path],
    masks: Mapping[str, Path] | None,
    name: str,
    layout: str,
) -> tuple[list[str], tuple[tuple[str, str | None], ...]]:
    """The sorted keys and `(image path, mask path)` of files that match.

    Args:
        images: Paths by key, `FoundFiles` as `find_files` returns them.
        masks: The same for the masks; `None` for pictures alone, whose mask path is
            `None`.
        name: What messages call the data set.
        layout: The layout to show where nothing was found.

    Raises:
        DataError: If an image has no mask or a mask no image, or one of them is of
            another kind than PNG or JPEG; lists all of them.
        FileNotFoundError: If there are no files.
    """
    if masks is None:
        return _pictures_alone(images, name, layout)
    other_images = _others(images, masks)
    other_masks = _others(masks, images)
    if not images and not masks and not other_images:
        raise FileNotFoundError(
            f"{name}: no pictures found. Expected layout:\n{layout}"
        )
    lonely_images = sorted(images.keys() - masks.keys() - other_masks.keys())
    lonely_masks = sorted(masks.keys() - images.keys() - other_images.keys())
    findings = [
        Finding(str(images[key]), "has no mask", "Add its mask or remove it.")
        for key in lonely_images
    ] + [
        Finding(str(masks[key]), "has no image", "Add its image or remove it.")
        for key in lonely_masks
    ]
    others = [(path, "PNG or JPEG") for _, path in sorted(other_images.items())]
    others += [(path, "PNG") for _, path in sorted(other_masks.items())]
    findings += [other_kind(path, expected) for path, expected in others]
    counts = (
        (lonely_images, "images without a mask"),
        (lonely_masks, "masks without an image"),
        (others, "files of another kind"),
    )
    parts = [f"{len(files)} {what}" for files, what in counts if files]
    stop_or_collect(findings, f"{name}: {', '.join(parts)}")
    keys = sorted(images.keys() & masks.keys())
    return keys, tuple((str(images[key]), str(masks[key])) for key in keys)


def _pictures_alone(images, name, layout):
    """What `pair_files` returns of pictures without masks."""
    others = [
        path
        for key, path in sorted(images.others.items())
        if key not in images and path.suffix.lower() not in ARRAY_SUFFIXES
    ]
    if not images and not others:
        raise FileNotFoundError(
            f"{name}: no pictures found. Expected layout:\n{layout}"
        )
    headline = f"{name}: {len(others)} files of another kind"
    stop_or_collect([other_kind(path) for path in others], headline)
    keys = sorted(images)
    return keys, tuple((str(images[key]), None) for key in keys)


def _others(files, partners):
    """The files of other kinds that a partner would be paired with."""
    wanted = {*partners, *getattr(partners, "others", ())}
    others = getattr(files, "others", {})
    return {
        key: path for key, path in others.items() if key not in files and key in wanted
    }


def other_kind(path: Path, expected: str = "PNG or JPEG") -> Finding:
    """The finding of a file of `OTHER_KINDS`."""
    kind = OTHER_KINDS[path.suffix.lower()]
    article = "an" if kind == "AVIF" else "a"
    return Finding(
        str(path),
        f"is no {expected} but {article} {kind}",
        "Make the mask anew as a PNG." if expected == "PNG" else "Save it as a PNG.",
    )


def file_state(path: FilePath) -> tuple[int, int] | None:
    """What changes when a file does; `None` if it cannot be looked at."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
