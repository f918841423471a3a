"""Pictures to segment: a file, a folder of them, or an animation."""

import pathlib

from PIL import Image, ImageSequence

from keras_pixda.datasets.decode import decode_picture, fault
from keras_pixda.datasets.files import PICTURE_SUFFIXES, find_files

ANIMATION_SUFFIXES = (".gif", ".webp", ".apng", ".png")
# No other decoder of Pillow is let near a file: one of them starts a program.
ANIMATION_FORMATS = ("GIF", "WEBP", "PNG")
VIDEO_SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")


def find_pictures(images):
    """Names of the pictures to segment, and the pictures one after the other.

    A folder is searched at any depth for PNG and JPEG files, and the name of a picture
    is its path in it; those of an animation are numbered.

    Args:
        images: Picture, folder of pictures or animated GIF, WebP or PNG.

    Returns:
        A list of names without suffix, in order; an iterator over RGB pictures of
        Pillow, read when it comes to them; and the milliseconds of each frame of an
        animation, `None` for pictures that are none.

    Raises:
        FileNotFoundError: If there is no picture.
        ValueError: If it is a video or an animation that cannot be read, or if two
            pictures have the same name.
    """
    path = pathlib.Path(images)
    if path.is_dir():
        found = find_files(path)
        if not found:
            raise FileNotFoundError(
                f"{path}: no picture in it, expected {', '.join(PICTURE_SUFFIXES)}."
            )
        return list(found), map(decode_picture, found.values()), None
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
    return [path.stem], map(decode_picture, [path]), None


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
