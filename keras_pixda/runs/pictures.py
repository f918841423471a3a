"""Pictures to segment: a file, a folder of them, or an animation."""

import pathlib

from PIL import Image, ImageSequence

from keras_pixda.datasets.decode import decode_picture
from keras_pixda.datasets.files import PICTURE_SUFFIXES, find_files

ANIMATION_SUFFIXES = (".gif", ".webp", ".apng", ".png")
VIDEO_SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")


def find_pictures(images):
    """Names of the pictures to segment, and the pictures one after the other.

    A folder is searched at any depth for PNG and JPEG files, and the name of a picture
    is its path in it; those of an animation are numbered.

    Args:
        images: Picture, folder of pictures or animated GIF, WebP or PNG.

    Returns:
        A list of names without suffix, in order, and an iterator over RGB pictures of
        Pillow, read when it comes to them.

    Raises:
        FileNotFoundError: If there is no picture.
        ValueError: If it is a video, or if two pictures have the same name.
    """
    path = pathlib.Path(images)
    if path.is_dir():
        found = find_files(path)
        if not found:
            raise FileNotFoundError(
                f"{path}: no picture in it, expected {', '.join(PICTURE_SUFFIXES)}."
            )
        return list(found), map(decode_picture, found.values())
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder of pictures.")
    if path.suffix.lower() in VIDEO_SUFFIXES:
        raise ValueError(
            f"{path} is a video: turn it into a folder of pictures first, such as by "
            f"ffmpeg -i {path.name} frames/%06d.png"
        )
    durations = frame_durations(path)
    if len(durations) > 1:
        names = [f"{path.stem}/{number:06d}" for number in range(1, len(durations) + 1)]
        return names, _frames(path)
    return [path.stem], map(decode_picture, [path])


def frame_durations(path):
    """Milliseconds of every frame of an animation; one entry for a still picture."""
    path = pathlib.Path(path)
    if path.is_dir() or path.suffix.lower() not in ANIMATION_SUFFIXES:
        return [0]
    try:
        with Image.open(path) as animation:
            return [
                frame.info.get("duration", 0)
                for frame in ImageSequence.Iterator(animation)
            ]
    except OSError:
        return [0]  # Whoever reads it says what is wrong with it.


def _frames(path):
    with Image.open(path) as animation:
        for frame in ImageSequence.Iterator(animation):
            # Straight to RGB, a palette with transparent entries would warn.
            yield frame.convert("RGBA").convert("RGB")
