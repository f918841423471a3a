"""Find the files of a data set and pair every image with its mask."""

import contextlib
import contextvars
import os
import stat
import unicodedata
from pathlib import Path, PurePath

from keras_pixda.datasets.data_error import DataError, Finding

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


def require_folders(root, names, layout):
    """Return the named folders below `root`, or say which layout was expected."""
    folders = [Path(root) / name for name in names]
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(
                f"The folder {folder} does not exist. Expected layout:\n{layout}"
            )
    return folders


def find_files(folder, ending=None):
    """Return the pictures below a folder by their name without its ending.

    Args:
        folder: where to look, at any depth.
        ending: what the names end in. Defaults to `None`, any of `.png`, `.jpg`
            and `.jpeg`.

    Raises:
        DataError: if a folder or a file cannot be used; lists all of them.
    """
    folder = Path(folder)
    found = {}
    paths, findings = _walk(folder)
    for path in paths:
        if ending is None:
            if path.suffix.lower() not in PICTURE_SUFFIXES:
                continue
            cut = len(path.suffix)
        elif path.name.endswith(ending):
            cut = len(ending)
        else:
            continue
        try:
            problem = _problem_of_name(path)
        except OSError as error:
            problem = f"cannot be opened ({error.strerror})"
        if problem:
            findings.append(Finding(_shown(path), problem, "Mend or remove it."))
            continue
        # Systems differ in whether an accent is part of its letter.
        key = path.relative_to(folder).as_posix()[:-cut]
        key = unicodedata.normalize("NFC", key)
        if key in found:
            problem = f"has the same name as {found[key].name}"
            findings.append(Finding(str(path), problem, "Keep one of the two."))
            continue
        found[key] = path
    stop_or_collect(findings)
    return found


def _walk(folder, parents=()):
    """Return the files below a folder, sorted, and what keeps some from being seen."""
    try:
        paths = sorted(folder.iterdir())
        parents = (*parents, folder.resolve())
    except OSError as error:
        problem = f"the folder cannot be opened ({error.strerror})"
        return [], [Finding(_shown(folder), problem, "Allow to read it.")]
    files, findings = [], []
    for path in paths:
        # Names with a leading dot are left behind by file managers.
        if path.name.startswith("."):
            continue
        if not path.is_dir():
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
    """Return why a file that is called like a picture can be none, or `None`."""
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
def collected_findings():
    """Collect what would stop a record from being made; yields the list of it."""
    findings = []
    token = _collected.set(findings)
    try:
        yield findings
    finally:
        _collected.reset(token)


def stop_or_collect(findings, headline=None):
    """Raise the `DataError` of findings, or note them where they are collected."""
    collected = _collected.get()
    if findings and collected is None:
        raise DataError(findings, headline)
    if findings:
        collected.extend(findings)


def pair_files(images, masks, name, layout):
    """Return the sorted keys and `(image path, mask path)` of files that match.

    Args:
        images: paths by key, as `find_files` returns them.
        masks: the same for the masks.
        name: what messages call the data set.
        layout: the layout to show where nothing was found.

    Raises:
        DataError: if an image has no mask or a mask no image; lists all of them.
        FileNotFoundError: if there are no files.
    """
    if not images and not masks:
        raise FileNotFoundError(
            f"{name}: no pictures found. Expected layout:\n{layout}"
        )
    lonely_images = sorted(images.keys() - masks.keys())
    lonely_masks = sorted(masks.keys() - images.keys())
    if lonely_images or lonely_masks:
        findings = [
            Finding(str(images[key]), "has no mask", "Add its mask or remove it.")
            for key in lonely_images
        ] + [
            Finding(str(masks[key]), "has no image", "Add its image or remove it.")
            for key in lonely_masks
        ]
        stop_or_collect(
            findings,
            f"{name}: {len(lonely_images)} images without a mask, "
            f"{len(lonely_masks)} masks without an image",
        )
    keys = sorted(images.keys() & masks.keys())
    return keys, tuple((str(images[key]), str(masks[key])) for key in keys)


def read_list(path):
    """Return `(line number, name)` of the lines of a list file that are not blank."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"The list {path} does not exist. Expected a text file with one image "
            "name a line"
        )
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"The list {path} is not UTF-8 text: {error}") from error
    names = [(i, line.strip()) for i, line in enumerate(lines, 1) if line.strip()]
    if not names:
        raise ValueError(f"The list {path} is empty. Expected one image name a line")
    return names


def find_listed(path, images):
    """Return the positions of the images that a list file names, line by line.

    Args:
        path: the list, one name a line. A name is the end of an image's path, with
            or without folders and suffix.
        images: the paths to find them in.

    Raises:
        DataError: if a name is missing or fits several images.
    """
    images = [PurePath(image) for image in images]
    # Positions by the last parts of the path, one table for each number of parts.
    tables = {}
    positions = []
    findings = []
    for line, name in read_list(path):
        parts = PurePath(name).parts
        depth = len(parts)
        if depth not in tables:
            tables[depth] = {}
            for index, image in enumerate(images):
                for variant in (image, image.with_suffix("")):
                    tail = variant.parts[-depth:]
                    tables[depth].setdefault(tail, []).append(index)
        found = tables[depth].get(parts, [])
        problem = None
        if not found:
            problem = f"{name} is not among the {len(images)} images"
        elif len(found) > 1:
            problem = f"{name} fits {len(found)} images, such as {images[found[1]]}"
        if problem:
            findings.append(
                Finding(f"{path}, line {line}", problem, "Correct or delete the line.")
            )
        else:
            positions.append(found[0])
    if findings:
        raise DataError(findings)
    return positions


def file_state(path):
    """Return what changes when a file does; `None` if it cannot be looked at."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
