"""What a data set that can be asked for by name declares of itself."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_pixda.datasets.segmentation_record import SegmentationRecord


@dataclasses.dataclass(frozen=True)
class NamedDataset:
    """A data set by name: how it is spelled, its splits, and who reads it.

    Example:

    ```python
    from keras_pixda.datasets import NamedDataset

    named = NamedDataset(
        reader="keras_pixda.datasets.camvid:camvid",
        splits=("train", "val", "test"),
        training_split="train",
        evaluation_split="val",
    )
    assert named.spelling("camvid") == "camvid:ROOT"
    ```

    Args:
        reader: Function of the places that gives back a `SegmentationRecord`, or its
            place, `"package.module:function"`, which is imported when it is needed. It
            takes `split` as well where there are splits, and `masks="train_ids"` where
            `train_ids` says so.
        places: What its spelling names, one word for each file or folder. Defaults to
            `("ROOT",)`.
        splits: Those of the release. Defaults to `()`: it is not divided.
        training_split: The one to train on. Defaults to `None`, there are no splits.
        evaluation_split: The one to evaluate on. Defaults to `None`, there is none.
        train_ids: Whether it may be named `NAME-train-ids`, for masks that hold train
            ids. Defaults to `True`.
        labelled: Whether its pictures have masks. Defaults to `True`.
        without_masks: Whether the reader takes `labelled=False` as well and then gives
            a record of the pictures alone, whose masks need not be there. Defaults to
            `False`: the masks are found, and not opened.

    Raises:
        ValueError: If the splits to train and to evaluate on are not among the splits.
    """

    reader: str | Callable[..., SegmentationRecord]
    places: tuple[str, ...] = ("ROOT",)
    splits: tuple[str, ...] = ()
    training_split: str | None = None
    evaluation_split: str | None = None
    train_ids: bool = True
    labelled: bool = True
    without_masks: bool = False

    def __post_init__(self):
        meant = {self.training_split, self.evaluation_split} - {None}
        if not meant <= {*self.splits} or (self.splits and not self.training_split):
            raise ValueError(
                f"training_split {self.training_split!r} and evaluation_split "
                f"{self.evaluation_split!r}: expected some of {[*self.splits]}."
            )

    def spelling(self, name: str) -> str:
        """How the data set is spelled, under the name that it has."""
        return f"{name}:{','.join(self.places)}"

    def record(self, *places: str, **options: Any) -> SegmentationRecord:
        """The `SegmentationRecord` of the files and folders in these places."""
        reader = self.reader
        if isinstance(reader, str):
            module, _, function = reader.partition(":")
            reader = getattr(importlib.import_module(module), function)
        return reader(*places, **options)
