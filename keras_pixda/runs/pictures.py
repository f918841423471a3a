"""Pictures to segment: a file, a folder of them, or an animation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PIL import Image, ImageSequence

from keras_pixda.datasets.bad_files import STOP, BadFiles
from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.decode import decode_picture, fault
from keras_pixda.datasets.files import (
    ARRAY_SUFFIXES,
    PICTURE_SUFFIXES,
    collected_findings,
    find_files,
    other_kind,
)
from keras_pixda.datasets.home import home
from keras_pixda.progress import Progress
from keras_pixda.typing import FilePath

ANIMATION_SUFFIXES = (".gif", ".webp", ".apng", ".png")
# No other decoder of Pillow is let near a file: one of them starts a program.
ANIMATION_FORMATS = ("GIF", "WEBP", "PNG")
VIDEO_SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")


def find_pictures(
    images: FilePath,
    bad_files: BadFiles | None = None,
    verbose: bool = False,
    chosen: Callable[[int, str], bool] | None = None,
) -> Any:
    """Names of the pictures to segment, and the pictures one after the other.

    A folder is searched at any depth for PNG and JPEG files, and the name of a picture
    is its path in it; those of an animation are numbered. Pictures of other kinds and
    videos in a folder count as files that cannot be read.

    Args:
        images: Picture, folder of pictures or animated GIF, WebP or PNG.
        bad_files: `BadFiles`, which says what happens to those of a folder that cannot
            be read: an error that lists all, at the latest with the first picture; or
            they are left out. Defaults to `None`, an error.
        verbose: Whether to show progress. Defaults to `False`.
        chosen: Whether a picture is taken, by its place among all and its name; others
            are not read. Frames of an animation are always taken. Defaults to `None`,
            all are.

    Returns:
        A list of names without suffix, in order; an iterator over RGB pictures of
        Pillow, read when it comes to them, `None` for one that is left out; and the
        milliseconds of each frame of an animation, `None` for pictures that are none.

    Raises:
        DataError: If a picture cannot be read or two have the same name.
        FileNotFoundError: If there is no picture.
        ValueError: If it is a video or an animation that cannot be read.
    """
    path = home(images)
    chosen = chosen or (lambda place, name: True)
    if path.is_dir():
        return _of_folder(path, bad_files or BadFiles(STOP), verbose, chosen)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder of pictures.")
    if path.suffix.lower() in VIDEO_SUFFIXES:
        raise ValueError(
            f"{path} is a video: turn it into a folder of pictures first, such as by "
            f"ffmpeg -i {path.name} frames/%06d.png"
        )
    durations = _durations(path)
    if len(durations) > 1:
        names = [f"{path.stem}/{number:06d}" for number in range(1, len(durations) + 1)]
        return names, _frames(path), durations
    paths = [path] if chosen(0, path.stem) else []
    return [path.stem][: len(paths)], map(decode_picture, paths), None


def _of_folder(folder, bad_files, verbose, chosen):
    with collected_findings() as findings:
        found = find_files(folder)
    findings += [
        other_kind(path)
        for path in found.others.values()
        if path.suffix.lower() not in ARRAY_SUFFIXES
    ]
    findings += [
        Finding(str(path), "is a video", "Turn it into a folder of pictures.")
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")
    ]
    if not found and not findings:
        raise FileNotFoundError(
            f"{folder}: no picture in it, expected {', '.join(PICTURE_SUFFIXES)}."
        )
    names = [name for place, name in enumerate(found) if chosen(place, name)]
    paths = [found[name] for name in names]
    if bad_files.on_bad_file == STOP and findings:
        _stop(folder, paths, findings)
    bad_files.leave_out(findings)
    return names, _decoded(folder, paths, bad_files, verbose), None


def _decoded(folder, paths, bad_files, verbose):
    """Yield the pictures one after the other, `None` for one that is left out."""
    if bad_files.on_bad_file == STOP:
        # All of them before the first is segmented and written.
        _stop(folder, paths, [], Progress("pictures", len(paths), verbose))

    def read(path):
        return path if path is None else decode_picture(path)

    for path in paths:
        yield bad_files.read(read, (path, None))


def _stop(folder, paths, findings, progress=None):
    """Raise if there are findings, those of every picture among them."""
    with ThreadPoolExecutor(2) as pool:
        for done, faults in enumerate(pool.map(_faults, paths), start=1):
            findings += faults
            if progress:
                progress(done)
    if findings:
        raise DataError(
            findings,
            f"{folder}: {len(findings)} files cannot be segmented; --on-bad-file skip "
            "leaves them out",
        )


def _faults(path):
    try:
        decode_picture(path)
    except DataError as error:
        return error.findings
    return ()


def _durations(path):
    """Milliseconds of every frame of an animation; nothing for another picture."""
    suffix = path.suffix.lower()
    if suffix not in ANIMATION_SUFFIXES:
        return []
    durations = []
    # A broken file can make the decoders raise nearly anything.
    try:
        with Image.open(path, formats=ANIMATION_FORMATS) as animation:
            for frame in ImageSequence.Iterator(animation):
                frame.load()  # Before that a WebP does not tell.
                durations.append(round(frame.info.get("duration", 0)))
    except Exception as error:
        if suffix == ".png" and len(durations) < 2:
            return []  # Whoever reads a picture says what is wrong with it.
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise fault(
            path,
            f"is no readable animation or is cut off ({text})",
            "Restore the file.",
        ) from error
    return durations


def _frames(path):
    with Image.open(path, formats=ANIMATION_FORMATS) as animation:
        for frame in ImageSequence.Iterator(animation):
            # Straight to RGB, a palette with transparent entries would warn.
            yield frame.convert("RGBA").convert("RGB")
