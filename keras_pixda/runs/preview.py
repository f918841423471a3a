"""Pictures of a data set, to see whether its masks mean what they are read as."""

import pathlib
from typing import Any

from keras_pixda.datasets import read_pair
from keras_pixda.datasets.data_check import DataCheck
from keras_pixda.typing import FilePath
from keras_pixda.visualization import panel
from keras_pixda.whole_file import whole_file

COUNT = 2


def preview_paths(folder: FilePath) -> Any:
    """Where the pictures go; none of them may be there yet."""
    folder = pathlib.Path(folder)
    paths = [folder / f"preview_{number}.png" for number in range(1, COUNT + 1)]
    for path in paths:
        if path.exists():
            raise FileExistsError(f"{path} exists: choose another folder or remove it.")
    return paths


def preview(checked: DataCheck, folder: FilePath) -> Any:
    """Write a picture or two: an image beside its mask in colours, with class names.

    The pairs that show the most classes are taken.

    Example:
    ```python
    import tempfile

    from keras_pixda.datasets import DataCheck, gta5
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.runs.preview import preview

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=2, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        paths = preview(DataCheck(gta5(f"{root}/gta5")), f"{root}/preview")
    assert [path.name for path in paths] == ["preview_1.png", "preview_2.png"]
    ```

    Args:
        checked: the `DataCheck` of a data set.
        folder: where to write; it is made if needed.

    Returns:
        The paths of the pictures, fewer where fewer pairs are without fault.

    Raises:
        FileExistsError: if one of the pictures is there already.
    """
    record, written = checked.record, []
    # There are as many places as examples at most.
    for path, index in zip(
        preview_paths(folder), checked.examples(COUNT), strict=False
    ):
        image, labels = read_pair(record, index)
        picture = panel(
            {"image": [image], "mask, as it is read": [labels]},
            record.palette,
            record.classes,
            captions=[pathlib.Path(record.pairs[index][0]).name],
            ignore_class=record.ignore_class,
        )
        with whole_file(path) as unfinished:
            picture.save(unfinished)
        written.append(path)
    return written
