"""The files that a prediction writes."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_pixda.whole_file import whole_file


class PredictionFiles:
    """Where results go: inside the output folder, whole, over nothing unasked.

    Example:

    ```python
    import tempfile
    import numpy as np
    from keras_pixda.runs.prediction_files import PredictionFiles

    with tempfile.TemporaryDirectory() as root:
        files = PredictionFiles(f"{root}/a.png", f"{root}/out", ["a"], "labelIds")
        files.save("labels", "a", np.zeros((32, 48), "uint8"))
        assert files.path("labels", "a").name == "a_labelIds.png"
        assert files.path("labels", "a").exists()
    ```

    Args:
        images: Where the pictures come from, in which no result may be.
        output: Folder to write into.
        names: Names of the pictures, as `find_pictures` gives them.
        ending: What the names of label files end in, before their suffix.
        durations: Milliseconds of each frame of an animation. Defaults to `None`, the
            pictures are none.
        overwrite: Whether to replace earlier results. Defaults to `False`.

    Raises:
        FileExistsError: If a file is there already.
        ValueError: If the output lies among the pictures or would leave its folder.
    """

    def __init__(
        self,
        images: str | os.PathLike,
        output: str | os.PathLike,
        names: Sequence[str],
        ending: str,
        durations: Sequence[int] | None = None,
        overwrite: bool = False,
    ):
        self.output = pathlib.Path(output)
        self.durations = durations
        self.endings = {"labels": ending, "colours": "colours", "overlays": "overlay"}
        inside = self.output.resolve()
        if inside.is_relative_to(pathlib.Path(images).resolve()):
            raise ValueError(
                f"{output} lies in the folder of pictures {images}: choose another "
                "one, the next prediction would take results for pictures."
            )
        paths = [self.path(kind, name) for kind in self.endings for name in names]
        self.animation = None
        if durations is not None:
            self.animation = self.output / "overlays" / pathlib.Path(images).name
            paths.append(self.animation)
        for path in paths:
            # A link in the output folder may lead out of it.
            if not path.parent.resolve().is_relative_to(inside):
                raise ValueError(f"{path} would lie outside of {output}.")
        there = [path for path in paths if path.exists()]
        if there and not overwrite:
            raise FileExistsError(
                f"{there[0]} exists, and {len(there) - 1} more results: choose "
                "another output folder, overwrite them, or go on (--resume)."
            )

    def path(self, kind: str, name: str) -> pathlib.Path:
        """The file of a kind, `"labels"`, `"colours"` or `"overlays"`, of a picture."""
        return self.output / kind / f"{name}_{self.endings[kind]}.png"

    def all_written(self, name: str) -> bool:
        """Whether every file of a picture is there."""
        return all(self.path(kind, name).exists() for kind in self.endings)

    def save(self, kind: str, name: str, pixels: np.ndarray) -> None:
        """Write the file of a kind of a picture."""
        _save(Image.fromarray(pixels), self.path(kind, name))

    def animate(self, names: Sequence[str]) -> None:
        """Put the overlays of an animation together to one of the same format."""
        if self.animation is not None:
            paths = [self.path("overlays", name) for name in names]
            _save(
                next(iter(_Pictures(paths[:1]))),
                self.animation,
                save_all=True,
                append_images=_Pictures(paths[1:]),
                duration=self.durations,
                loop=0,
            )


class _Pictures:
    """Pictures read one at a time; Pillow goes through them more than once."""

    def __init__(self, paths):
        self.paths = paths

    def __iter__(self):
        for path in self.paths:
            with Image.open(path) as picture:
                # A copy outlives the file.
                yield picture.copy()


def _save(picture, path, **options):
    with whole_file(path) as unfinished:
        picture.save(unfinished, **options)
