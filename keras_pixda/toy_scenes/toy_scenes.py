"""Toy scenes as files, in the layouts of GTA5 and Cityscapes."""

import json
import os
import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from keras_pixda.datasets.arguments import as_size
from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_ID_MAP,
    CITYSCAPES_PALETTE,
)
from keras_pixda.toy_scenes.draw_scene import draw_scene

_MANIFEST = "toy_scenes.json"
_DRAWING = 1  # Raise it whenever the same seed gives another picture.
_RENDERED, _PHOTO = 0, 1


def toy_scenes(
    root: str | os.PathLike,
    source_images: int = 400,
    target_images_per_city: int = 12,
    validation_images: int = 40,
    cities: Sequence[str] = ("brickholm", "solvara", "mistford"),
    image_size: tuple[int, int] = (128, 192),
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, Path]:
    """Draw a source and a target data set of toy scenes into a folder.

    Rendered scenes go to `root/gta5` in the layout of GTA5, photos to
    `root/cityscapes` in that of Cityscapes, so that `gta5(...)` and `cityscapes(...)`
    read them. The validation photos are further scenes from the same cities, in turn.
    Files that are there are kept: an interrupted call goes on where it stopped, a
    repeated one draws nothing.

    Example:

    ```python
    import tempfile

    from keras_pixda.datasets import cityscapes, gta5
    from keras_pixda.toy_scenes import toy_scenes

    with tempfile.TemporaryDirectory() as root:
        source, target = toy_scenes(
            root,
            source_images=4,
            target_images_per_city=1,
            validation_images=3,
            image_size=(32, 48),
        )
        assert len(gta5(source)) == 4
        assert len(cityscapes(target, split="train")) == 3
        assert len(cityscapes(target, split="val")) == 3
    ```

    Args:
        root: Folder to write to; made if missing.
        source_images: Number of rendered scenes. Defaults to `400`.
        target_images_per_city: Number of photos to train on from each city. Defaults
            to `12`.
        validation_images: Number of photos to validate on. Defaults to `40`.
        cities: Names of the cities, lower-case letters and digits; see `draw_scene`.
            Defaults to `("brickholm", "solvara", "mistford")`.
        image_size: `(height, width)` in pixels. Defaults to `(128, 192)`.
        seed: Non-negative integer all scenes come from. Defaults to `0`.
        progress: Called as `progress(done, total)` after every scene. Defaults to
            `None`.

    Returns:
        The paths of the source's folder and the target's.

    Raises:
        ValueError: if an argument does not fit, or if `root` holds scenes drawn with
            other arguments or a data set that is not toy scenes.
    """
    root = Path(root)
    arguments = {
        "source_images": _count(source_images, "source_images"),
        "target_images_per_city": _count(
            target_images_per_city, "target_images_per_city"
        ),
        "validation_images": _count(validation_images, "validation_images"),
        "cities": _names(cities),
        "image_size": list(as_size(image_size, "image_size")),
        "seed": _count(seed, "seed"),
        "drawing": _DRAWING,
    }
    _claim(root, arguments)
    source, target = root / "gta5", root / "cityscapes"

    scenes = []
    for index in range(source_images):
        name = f"{index + 1:05d}.png"
        files = (source / "images" / name, source / "labels" / name)
        scenes.append((files, (seed, _RENDERED, index), "rendered", "brickholm"))

    def add_photo(split, city, index):
        stem = f"{split}/{city}/{city}_{index:06d}_000019"
        files = (
            target / f"leftImg8bit/{stem}_leftImg8bit.png",
            target / f"gtFine/{stem}_gtFine_labelIds.png",
        )
        scene_seed = (seed, _PHOTO, zlib.crc32(city.encode()), index)
        scenes.append((files, scene_seed, "photo", city))

    for city in cities:
        for index in range(target_images_per_city):
            add_photo("train", city, index)
    for number in range(validation_images):
        rounds, turn = divmod(number, len(cities))
        add_photo("val", cities[turn], target_images_per_city + rounds)

    palette = _palette()
    for done, (files, scene_seed, look, city) in enumerate(scenes, 1):
        if not all(file.is_file() for file in files):
            image, labels = draw_scene(scene_seed, look, image_size, city)
            labels = Image.fromarray(labels)
            if look == "rendered":
                labels.putpalette(palette)
            _save(Image.fromarray(image), files[0])
            _save(labels, files[1])
        if progress is not None:
            progress(done, len(scenes))
    return source, target


def _claim(root, arguments):
    """Write the manifest, or check that the folder was drawn with these arguments."""
    manifest = root / _MANIFEST
    if manifest.is_file():
        try:
            found = dict(json.loads(manifest.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{manifest} is damaged. Delete the folder {root} to draw it anew"
            ) from error
        differences = [
            f"{name} {found.get(name)!r} there, {value!r} asked for"
            for name, value in arguments.items()
            if found.get(name) != value
        ]
        if differences:
            raise ValueError(
                f"{root} holds toy scenes drawn with other arguments: "
                f"{'; '.join(differences)}. Choose another folder or delete this one"
            )
        return
    for name in ("gta5", "cityscapes"):
        if (root / name).exists():
            raise ValueError(
                f"{root / name} exists but no {manifest} beside it, so it is not a "
                "folder of toy scenes. Choose another folder"
            )
    root.mkdir(parents=True, exist_ok=True)
    text = json.dumps(arguments, indent=2) + "\n"
    _replace(manifest, lambda file: file.write(text.encode()))


def _save(picture, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, lambda file: picture.save(file, "PNG"))


def _replace(path, write):
    """Write a file as a whole: nobody ever sees half of it."""
    # The leading dot keeps readers of the folder from taking it for data.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(partial, "wb") as file:
            write(file)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _palette():
    colours = np.zeros((256, 3), "uint8")
    for label, train_id in CITYSCAPES_ID_MAP.items():
        if train_id < len(CITYSCAPES_PALETTE):
            colours[label] = CITYSCAPES_PALETTE[train_id]
    return colours.ravel().tolist()


def _count(value, name):
    if not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} must be an integer, 0 or more, received {value!r}")
    return int(value)


def _names(cities):
    names = [] if isinstance(cities, str) else list(cities)
    fits = all(
        isinstance(city, str) and re.fullmatch("[a-z0-9]+", city) for city in names
    )
    if not names or not fits or len(set(names)) < len(names):
        raise ValueError(
            "cities must be different names of lower-case letters and digits, "
            f"received {cities!r}"
        )
    return names
