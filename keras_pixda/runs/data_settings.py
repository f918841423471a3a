"""What a run trains on."""

import dataclasses
from typing import TYPE_CHECKING

from keras_pixda.checked_settings import CheckedSettings
from keras_pixda.datasets import find_dataset, load
from keras_pixda.datasets.bad_files import SKIP, STOP
from keras_pixda.setting import setting

if TYPE_CHECKING:
    from keras_pixda.datasets import SegmentationRecord

# In place of a data set to guard by.
SOURCE = "source"


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSettings(CheckedSettings):
    """The data sets of a run, how many images it takes of them, and how.

    Example:

    ```python
    from keras_pixda.runs import DataSettings

    data = DataSettings(source="gta5:a", target="cityscapes:b", image_size=(128, 192))
    assert data.shots == 1
    ```

    Args:
        source: Source data set as `keras_pixda.datasets.load` spells it.
        target: Target data set, likewise.
        validation: Data to evaluate on, the split for it if there is one. Defaults to
            `None`, the target's.
        unlabelled: Data whose pictures are unlabelled target images, `images:FOLDER` or
            any other; masks are not read. Those that are shots are left out, and
            methods that do not use them train without. Defaults to `None`.
        shots: Target images from each city; 0 for none, in methods that need none.
            Defaults to 1.
        shots_file: List of the target images to take instead. Defaults to `None`.
        image_size: `(height, width)` of images in training and evaluation.
        batch_size: Source images in a batch, and target images. Defaults to 4.
        augment: Whether the target images are flipped, scaled and changed in colour at
            random after the source-only phase. Defaults to `False`.
        source_augment: Whether the source images are in every phase, which a network
            from scratch needs to see past the rendering. Defaults to `False`.
        cut_mix: Share of target images that get a rectangle of a source image pasted
            in, 0 for none. Defaults to 0.0.
        rare_class_sampling: Temperature, 0 for none, of drawing source images by the
            classes they hold; small ones prefer rare classes. Defaults to 0.0.
        guard: What decides whether adaptation has done harm, so that the start is kept:
            a labelled data set of the target domain, or `"source"` for the source
            images. Defaults to `None`, nothing.
        on_bad_file: What happens to files that cannot be used: `"stop"`, or `"skip"`:
            all are read once before the training, and pairs with faults are left out
            and listed. Defaults to `"stop"`.
    """

    source: str
    target: str
    validation: str | None = None
    unlabelled: str | None = None
    shots: int = setting(1, at_least=0)
    shots_file: str | None = None
    image_size: tuple[int, int]
    batch_size: int = setting(4, at_least=1)
    augment: bool = False
    source_augment: bool = False
    cut_mix: float = setting(0.0, at_least=0, at_most=1)
    rare_class_sampling: float = setting(0.0, at_least=0)
    guard: str | None = None
    on_bad_file: str = setting("stop", one_of=(STOP, SKIP))

    presets = {
        "small": {"image_size": (128, 192)},
        "published": {"image_size": (512, 1024)},
    }

    @property
    def has_shots(self) -> bool:
        """Whether any labelled target image is taken."""
        return self.shots > 0 or self.shots_file is not None

    @property
    def has_unlabelled(self) -> bool:
        """Whether there are unlabelled target images."""
        return self.unlabelled is not None or not find_dataset(self.target).labelled

    def unlabelled_record(self) -> "SegmentationRecord | None":
        """The record of the unlabelled target images, if there are any.

        A target without masks is one, if no other is given.
        """
        data = self.unlabelled
        if data is None and self.has_unlabelled:
            data = self.target
        return None if data is None else load(data, unlabelled=True)

    def validation_record(self) -> "SegmentationRecord":
        """The record of the data to evaluate on."""
        if self.validation:
            return load(self.validation, evaluation=True)
        if find_dataset(self.target).evaluation_split is None:
            raise ValueError(
                f"validation is missing: {self.target} has no split to evaluate on, so "
                "name other data (--validation folder:IMAGES,MASKS,CLASSES.txt)."
            )
        return load(self.target, evaluation=True)
