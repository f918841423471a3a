"""Find the files of a data set and pair every image with its mask."""

import os
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
    """
    folder = Path(folder)
    found = {}
    for path in sorted(folder.rglob("*")):
        # Names with a leading dot are left behind by file managers.
        if path.name.startswith(".") or not path.is_file():
            continue
        if ending is None:
            if path.suffix.lower() not in PICTURE_SUFFIXES:
                continue
            cut = len(path.suffix)
        elif path.name.endswith(ending):
            cut = len(ending)
        else:
            continue
        key = path.relative_to(folder).as_posix()[:-cut]
        if key in found:
            raise DataError(
                [
                    Finding(
                        str(path),
                        f"has the same name as {found[key].name}",
                        "Keep one of the two.",
                    )
                ]
            )
        found[key] = path
    return found


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
        raise DataError(
            findings,
            f"{name}: {len(lonely_images)} images without a mask, "
            f"{len(lonely_masks)} masks without an image",
        )
    keys = sorted(images)
    return keys, tuple((str(images[key]), str(masks[key])) for key in keys)


def read_list(path):
    """Return `(line number, name)` of the lines of a list file that are not blank."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"The list {path} does not exist. Expected a text file with one image "
            "name a line"
        )
    lines = path.read_text(encoding="utf-8").splitlines()
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
