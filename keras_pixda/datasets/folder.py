"""Any two folders: images and masks with the same names."""

import colorsys
from collections.abc import Callable, Mapping, Sequence

from keras_pixda.datasets.files import find_files, pair_files, require_folders
from keras_pixda.datasets.home import home
from keras_pixda.datasets.mask_files import mask_files, train_id_map
from keras_pixda.datasets.segmentation_record import SegmentationRecord, require_names
from keras_pixda.typing import FilePath, Palette

LAYOUT = """\
{images}/NAME.jpg    (.jpg, .jpeg or .png, at any depth)
{masks}/NAME.png     the same names, one id a pixel"""


def folder(
    images: FilePath,
    masks: FilePath,
    classes: Sequence[str],
    id_map: Mapping | None = None,
    palette: Palette | None = None,
    city: Callable[[str], str] | None = None,
    name: str = "folder",
    mask_ending: str | None = None,
) -> SegmentationRecord:
    """The record of two plain folders, matched by name without suffix.

    Masks may also be called like their images and one ending more, the same for all:
    `a.jpg` and `a_mask.png`. Masks that end in `_labelTrainIds`, as converters leave
    them beside others, are passed over.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import folder

    with tempfile.TemporaryDirectory() as root:
        for path in ("images/ulm_1.jpg", "masks/ulm_1.png"):
            path = pathlib.Path(root, path)
            path.parent.mkdir()
            path.touch()
        record = folder(
            f"{root}/images",
            f"{root}/masks",
            classes=("road", "other"),
            city=lambda path: path.split("_")[0],
        )
    assert record.cities == ("ulm",)
    assert record.id_map == {0: 0, 1: 1, 255: 255}
    ```

    Args:
        images: Folder of the images.
        masks: Folder of the masks.
        classes: Class names; the position is the train id.
        id_map: Every id the masks may hold, mapped to a train id or to 255, ignored;
            RGB triples as keys where masks are colour coded. Defaults to `None`: ids
            are train ids and 255 is ignored.
        palette: One `(red, green, blue)` a class. Defaults to `None`, colours spread
            round the colour wheel.
        city: Function that gives the group of an image, for K shots, from its path
            relative to `images`. Defaults to `None`, all are one group.
        name: What messages call the data set. Defaults to `"folder"`.
        mask_ending: What the names of masks have after those of their images, such as
            `"_labelTrainIds"`; others are not looked at. Defaults to `None`: nothing,
            or the ending that all have.

    Raises:
        DataError: If images and masks do not pair up.
        FileNotFoundError: If a folder is missing.
        ValueError: If the classes are no list of names, or the other facts do not fit.
    """
    # Each letter of a text would be a class.
    classes = classes if isinstance(classes, (str, bytes)) else tuple(classes)
    require_names(classes, name)
    images, masks = home(images), home(masks)
    layout = LAYOUT.format(images=images, masks=masks)
    found_images, found_masks = (
        find_files(*require_folders(path, ("",), layout)) for path in (images, masks)
    )
    if mask_ending is None:
        mask_ending = _common_ending(found_images, found_masks)
        found_masks, _ = mask_files(found_masks.ending(mask_ending), "ids", name)
    else:
        found_masks = found_masks.ending(mask_ending)
    keys, pairs = pair_files(found_images, found_masks, name, layout)
    if id_map is None:
        id_map = train_id_map(classes)
    if palette is None:
        palette = tuple(_colour(train_id) for train_id in range(len(classes)))
    relative = [found_images[key].relative_to(images).as_posix() for key in keys]
    return SegmentationRecord(
        name=name,
        pairs=pairs,
        classes=classes,
        palette=tuple(palette),
        id_map=id_map,
        cities=tuple(city(path) if city else name for path in relative),
    )


def _common_ending(images, masks):
    """What all masks' names have after their images', `""` if nothing."""
    keys = [*masks, *masks.others]
    if not keys or any(key in images or key in images.others for key in keys):
        return ""
    first = keys[0]
    for cut in range(len(first) - 1, 0, -1):
        ending = first[cut:]
        if (
            ending[0] in "_-. "
            and first[:cut] in images
            and all(key.endswith(ending) for key in keys)
        ):
            return ending
    return ""


def _colour(train_id):
    # Steps of the golden ratio keep neighbours apart for any number of classes.
    rgb = colorsys.hsv_to_rgb(train_id * 0.618 % 1, 0.7, 0.9 - train_id % 3 * 0.25)
    return tuple(round(255 * value) for value in rgb)
