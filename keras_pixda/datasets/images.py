"""Pictures alone: any folder of them, without a mask."""

from keras_pixda.datasets.files import (
    PICTURE_SUFFIXES,
    find_files,
    pair_files,
    require_folders,
)
from keras_pixda.datasets.home import home
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath

LAYOUT = """\
{folder}/NAME.jpg    (.jpg, .jpeg, .png or .bmp, at any depth)"""


def images(
    folder: FilePath, crop: float | None = None, name: str = "images"
) -> SegmentationRecord:
    """The record of a folder of pictures alone, the unlabelled ones of a training.

    It has no classes, and whatever reads masks refuses it.

    Example:
    ```python
    import pathlib
    import tempfile

    from keras_pixda.datasets import images

    with tempfile.TemporaryDirectory() as root:
        pathlib.Path(root, "monday").mkdir()
        for file in ("monday/1.jpg", "2.bmp"):
            pathlib.Path(root, file).touch()
        record = images(root)
    assert len(record) == 2
    assert not record.labelled
    ```

    Args:
        folder: Where the pictures are, at any depth.
        crop: Width / height that they are centre-cropped to before they are resized.
            Defaults to `None`, no crop.
        name: What messages call the data set. Defaults to `"images"`.

    Raises:
        DataError: If two pictures have the same name, or one is of another kind than
            PNG, JPEG or BMP; lists all of them.
        FileNotFoundError: If there is no such folder, or no picture in it.
    """
    layout = LAYOUT.format(folder=home(folder))
    [root] = require_folders(folder, ("",), layout)
    found = find_files(root, (*PICTURE_SUFFIXES, ".bmp"))
    _, pairs = pair_files(found, None, name, layout)
    return SegmentationRecord(
        name=name,
        pairs=pairs,
        classes=(),
        palette=(),
        id_map={},
        cities=(name,) * len(pairs),
        crop=crop,
        labelled=False,
    )
