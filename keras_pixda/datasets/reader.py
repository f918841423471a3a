"""Read images and masks at the size and in the ids that are asked for."""

import functools

import numpy as np
from PIL import Image

from keras_pixda.datasets.decode import (
    UPRIGHT,
    decode_mask,
    decode_picture,
    fault,
)
from keras_pixda.datasets.files import file_state
from keras_pixda.datasets.segmentation_record import UNKNOWN, SegmentationRecord
from keras_pixda.typing import FilePath, Size


def read_image(
    path: FilePath, size: Size | None = None, crop: float | None = None
) -> np.ndarray:
    """Read a picture as it is shown on a screen.

    Palette, gray, transparent and CMYK pictures become RGB, and a camera's
    orientation mark is obeyed. Resizing is bicubic with antialiasing.

    Example:
    ```python
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import read_image

    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        Image.new("RGB", (32, 24), (255, 0, 0)).save(file.name)
        image = read_image(file.name, size=(12, 16))
    assert image.shape == (12, 16, 3)
    assert image[0, 0].tolist() == [255, 0, 0]
    ```

    Args:
        path: a PNG or JPEG file, or a BMP that is called `.bmp`.
        size: `(height, width)` in pixels. Defaults to `None`, as it is.
        crop: width / height to centre-crop to first. Defaults to `None`, no crop.

    Returns:
        `uint8` array `(height, width, 3)`, red, green, blue.

    Raises:
        DataError: if the file cannot be read as a picture of 8 bits a channel.
    """
    return _fit(decode_picture(path), size, crop, Image.Resampling.BICUBIC)


def read_mask(
    path: FilePath,
    record: SegmentationRecord,
    size: Size | None = None,
    ignore_mask: FilePath | None = None,
) -> np.ndarray:
    """Read a mask as train ids, by the record's map of ids.

    Palette masks give their indices, 16-bit masks are read exactly, and resizing
    takes the nearest pixel.

    Example:
    ```python
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import SegmentationRecord, read_mask

    record = SegmentationRecord(
        "one street", (), ("road",), ((0, 0, 0),), {7: 0, 0: 255}, ()
    )
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        Image.new("L", (32, 24), 7).save(file.name)
        labels = read_mask(file.name, record)
    assert labels.shape == (24, 32)
    assert labels.max() == 0
    ```

    Args:
        path: a PNG file.
        record: the `SegmentationRecord` whose `id_map`, `crop` and `mask_channel`
            to follow.
        size: `(height, width)` in pixels. Defaults to `None`, as it is.
        ignore_mask: path of a picture whose pixels of value 255 are ignored.
            Defaults to `None`.

    Returns:
        `uint8` array `(height, width)` of train ids and `record.ignore_class`.

    Raises:
        DataError: if the file cannot be read or holds an id the map does not list.
    """
    labels = _labels(path, decode_mask(path, record)[0], record, ignore_mask)
    return fit_labels(labels, size, record.crop)


def read_pair(
    record: SegmentationRecord,
    index: int,
    image_size: Size | None = None,
    label_size: Size | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Read one image of a record with its labels.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import folder, read_pair

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road",))
        image, labels = read_pair(record, 0, image_size=(12, 16))
    assert image.shape == (12, 16, 3)
    assert labels.shape == (24, 32)
    ```

    Args:
        record: the `SegmentationRecord`.
        index: position in `record.pairs`.
        image_size: `(height, width)` of the image. Defaults to `None`, as it is.
        label_size: `(height, width)` of the labels. Defaults to `None`, as it is.

    Returns:
        The image, `uint8` `(height, width, 3)`, and its labels, `uint8`
        `(height, width)`.

    Raises:
        DataError: if a file cannot be used, the two differ in size on disk, no pixel
            has a label, or a mark of the camera leaves open how the mask lies on the
            image.
        ValueError: if the record has no masks.
    """
    picture, labels, _ = decode_pair(record, index)
    return (
        _fit(picture, image_size, record.crop, Image.Resampling.BICUBIC),
        fit_labels(labels, label_size, record.crop),
    )


def read_labels(
    record: SegmentationRecord, index: int, size: Size | None = None
) -> np.ndarray:
    """The labels of a pair alone, without what its ignore mask covers.

    Example:

    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import folder
    from keras_pixda.datasets.reader import read_labels

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road",))
        labels = read_labels(record, 0)
    assert labels.shape == (24, 32)
    ```

    Args:
        record: The `SegmentationRecord`.
        index: Position in `record.pairs`.
        size: `(height, width)` in pixels. Defaults to `None`, as it is.

    Returns:
        `uint8` array `(height, width)` of train ids and `record.ignore_class`.

    Raises:
        DataError: As `read_mask` does.
    """
    record.require_masks()
    return read_mask(record.pairs[index][1], record, size, record.ignore_mask(index))


def decode_pair(
    record: SegmentationRecord, index: int
) -> tuple[Image.Image, np.ndarray, np.ndarray]:
    """Picture, train ids and the mask's own ids or colours, as on disk.

    Raises what `read_pair` raises.
    """
    record.require_masks()
    image_path, mask_path = record.pairs[index]
    picture = decode_picture(image_path)
    ids, mask_mark = decode_mask(mask_path, record)
    labels = _labels(mask_path, ids, record, record.ignore_mask(index))
    _require_same_size(mask_path, labels.shape, image_path, picture.size[::-1])
    _require_same_side_up(image_path, picture, mask_mark)
    if (labels == record.ignore_class).all():
        raise fault(
            mask_path,
            "every pixel is ignored",
            "Correct the mask or leave the pair out.",
        )
    return picture, labels, ids


def _labels(path, ids, record, ignore_mask):
    """The train ids of a mask's ids, with what is ignored for this pair."""
    labels = _train_ids(path, ids, record)
    if ignore_mask:
        ignored = ignored_pixels(ignore_mask)
        _require_same_size(ignore_mask, ignored.shape, path, labels.shape)
        labels = np.where(ignored, np.uint8(record.ignore_class), labels)
    return labels


def _train_ids(path, ids, record):
    """Map ids or colours to train ids; an id that is not listed is an error."""
    train_ids = np.fromiter(record.id_map.values(), np.uint8)
    keys = np.array(list(record.id_map), np.int64)
    if record.is_colour_coded:
        shifts = np.array([16, 8, 0])
        ids = (ids[..., :3].astype(np.int64) << shifts).sum(-1)
        keys = (keys << shifts).sum(-1)
        order = np.argsort(keys)
        keys, train_ids = keys[order], train_ids[order]
        nearest = np.searchsorted(keys, ids).clip(max=len(keys) - 1)
        labels = np.where(keys[nearest] == ids, train_ids[nearest], np.uint8(UNKNOWN))
    else:
        table = np.full(65536, UNKNOWN, np.uint8)
        table[keys] = train_ids
        labels = np.take(table, ids)
    if (labels == UNKNOWN).any():
        raise _unknown_ids(path, ids[labels == UNKNOWN], record)
    return labels


def _unknown_ids(path, ids, record):
    values, counts = np.unique(ids, return_counts=True)
    if record.is_colour_coded:
        values = [(v >> 16 & 255, v >> 8 & 255, v & 255) for v in values.tolist()]
    found = [f"{v} ({n} pixels)" for v, n in zip(values, counts, strict=True)]
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return fault(
        path,
        f"holds ids that {record.name} does not know: {', '.join(found[:8])}{more}",
        "Correct the mask or list the ids in the record's id_map (255 ignores).",
    )


def ignored_pixels(path: FilePath) -> np.ndarray:
    """Whether each pixel of a picture is 255, of which a bool array is kept."""
    return _ignored_pixels(path, file_state(path))


@functools.lru_cache(maxsize=16)
def _ignored_pixels(path, state):
    # The state is there for the lru_cache: a changed file is read again.
    return np.asarray(decode_picture(path))[..., 0] == 255


def cropped_size(width: int, height: int, crop: float | None) -> tuple[int, int]:
    """Width and height after a centre-crop to their quotient, if any."""
    if not crop:
        return width, height
    return min(width, round(height * crop)), min(height, round(width / crop))


def cropped_box(
    width: int, height: int, crop: float | None
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of that centre-crop: at most one side is cut."""
    new_width, new_height = cropped_size(width, height, crop)
    left, top = (width - new_width) // 2, (height - new_height) // 2
    return left, top, left + new_width, top + new_height


def _fit(picture, size, crop, resample):
    """Centre-crop and resize a Pillow picture; return it as an array."""
    if crop:
        picture = picture.crop(cropped_box(*picture.size, crop))
    if size and picture.size != (size[1], size[0]):
        picture = picture.resize((size[1], size[0]), resample)
    return np.asarray(picture)


def fit_labels(labels: np.ndarray, size: Size | None, crop: float | None) -> np.ndarray:
    """Train ids, centre-cropped and resized as a record wants it."""
    if size is None and crop is None:
        return labels
    return _fit(Image.fromarray(labels), size, crop, Image.Resampling.NEAREST)


def _require_same_size(path, size, other_path, other_size):
    if tuple(size) != tuple(other_size):
        raise fault(
            path,
            f"is {size[1]}x{size[0]} pixels but {other_path} is "
            f"{other_size[1]}x{other_size[0]}",
            "Make both the same size, or leave the pair out.",
        )


def _require_same_side_up(image_path, picture, mask_mark):
    """Refuse marks of a camera that leave open how the mask lies on the image."""
    mark = picture.info["orientation"]
    if mark == mask_mark:
        return
    # A quarter turn of one of them after which the sizes agree is right.
    turned = max(mark, mask_mark) >= 5 and UPRIGHT in (mark, mask_mark)
    if turned and picture.width != picture.height:
        return
    raise fault(
        image_path,
        f"has the camera's orientation mark {mark} but its mask {mask_mark} (1 is "
        "upright): how they lie on each other is not certain",
        "Save both upright, without the mark.",
    )
