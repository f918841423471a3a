"""What is known about one data set: facts and file names, no pixels."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

# The reader marks ids that the map does not list with this train id.
UNKNOWN = 254


def require_names(classes: Any, name: str) -> None:
    """Raise unless `classes` is a list of different names; `name` is the data set's."""
    if isinstance(classes, (str, bytes)):
        raise ValueError(
            f"{name}: classes must be a list of names, received the text {classes!r}; "
            'a file of names is read by load("folder:IMAGES,MASKS,CLASSES.txt")'
        )
    seen = set()
    for position, class_name in enumerate(classes):
        if not isinstance(class_name, str) or not class_name.strip():
            raise ValueError(
                f"{name}: class {position} is {class_name!r}, expected a name"
            )
        if class_name in seen:
            raise ValueError(f"{name}: the class {class_name!r} is listed twice")
        seen.add(class_name)


@dataclasses.dataclass(frozen=True, repr=False)
class SegmentationRecord:
    """The facts of one data set and its resolved pairs of files.

    To add a data set, write one function that finds its files and returns a
    record (`gta5.py` is the shortest model) and declare it in `registry.py`. The
    reader, the data sets for `fit`, the commands and the checks then work as they are.

    Example:
    ```python
    from keras_pixda.datasets import SegmentationRecord

    record = SegmentationRecord(
        name="two streets",
        pairs=(("a.jpg", "a.png"), ("b.jpg", "b.png")),
        classes=("road", "other"),
        palette=((128, 64, 128), (0, 0, 0)),
        id_map={7: 0, 1: 1, 0: 255},
        cities=("ulm", "bonn"),
    )
    assert len(record) == 2
    assert record.select([1]).pairs == (("b.jpg", "b.png"),)
    assert record.pictures().pairs == (("a.jpg", None), ("b.jpg", None))
    ```

    Args:
        name: What messages call the data set.
        pairs: `(image path, mask path)` of every picture, sorted; `(image path, None)`
            of pictures alone.
        classes: Class names; the position is the train id. May be empty, with `palette`
            and `id_map`, for pictures alone.
        palette: One `(red, green, blue)` a class, for pictures of predictions.
        id_map: Every id a mask may hold, mapped to its train id or to
            `ignore_class`. An id that is not listed is an error. The keys are
            integers 0..65535 or, where masks are colour coded, RGB triples.
        cities: The group of each pair; K shots are K pairs of every group.
        ignore_class: Train id of pixels without a label. Defaults to `255`.
        crop: Width / height that pictures and masks are centre-cropped to before
            they are resized. Defaults to `None`, no crop.
        ignore_masks: For each pair the path of a picture whose pixels of value 255
            are ignored, or `None`. Defaults to `()`, none.
        mask_channel: Channel of the mask that holds the id, where the others hold
            something else. Defaults to `None`, masks have one value a pixel.
        every_class: Whether the classes were listed for these very masks, so that one
            without a pixel is a fault; `False` where they are those of a benchmark, of
            which a part may be at hand. Defaults to `True`.
        labelled: Whether the pictures have masks; `False` for pictures alone, which can
            only be the unlabelled ones of a training. Defaults to `True`.

    Raises:
        ValueError: If the facts do not fit each other.
    """

    name: str
    pairs: tuple
    classes: tuple
    palette: tuple
    id_map: Mapping
    cities: tuple
    ignore_class: int = 255
    crop: float | None = None
    ignore_masks: tuple = ()
    mask_channel: int | None = None
    every_class: bool = True
    labelled: bool = True

    def __post_init__(self):
        self._expect_masks()
        if not (self.labelled or self.classes):
            self._expect_one_each("cities", self.cities, self.pairs, "pair")
            return
        require_names(self.classes, self.name)
        self._expect_one_each("cities", self.cities, self.pairs, "pair")
        if self.ignore_masks:
            self._expect_one_each("ignore_masks", self.ignore_masks, self.pairs, "pair")
        self._expect_one_each("palette", self.palette, self.classes, "class")
        if not 0 < len(self.classes) < UNKNOWN:
            raise ValueError(
                f"{self.name}: expected 1 to {UNKNOWN - 1} classes, "
                f"received {len(self.classes)}"
            )
        if not len(self.classes) <= self.ignore_class <= 255 or (
            self.ignore_class == UNKNOWN
        ):
            raise ValueError(
                f"{self.name}: ignore_class {self.ignore_class} must lie above the "
                f"{len(self.classes)} train ids, be at most 255 and not {UNKNOWN}"
            )
        if not isinstance(self.id_map, Mapping) or not self.id_map:
            raise ValueError(
                f"{self.name}: id_map must map every id that a mask may hold, such as "
                f"{{0: 0, 1: 1, 255: 255}}, received {self.id_map!r}"
            )
        known = {*range(len(self.classes)), self.ignore_class}
        for file_id, train_id in self.id_map.items():
            if isinstance(file_id, str):
                raise ValueError(
                    f"{self.name}: id_map key {file_id!r} is text, as in JSON: "
                    "expected integers, "
                    "{int(key): value for key, value in id_map.items()}"
                )
            if train_id not in known:
                raise ValueError(
                    f"{self.name}: id_map sends {file_id} to {train_id}, expected "
                    f"0..{len(self.classes) - 1} or {self.ignore_class} (ignored)"
                )
            values = np.array(file_id)
            shape, top = ((3,), 255) if self.is_colour_coded else ((), 65535)
            if (
                values.dtype.kind not in "iu"
                or values.shape != shape
                or values.min() < 0
                or values.max() > top
            ):
                raise ValueError(
                    f"{self.name}: id_map key {file_id!r}: expected all keys to be "
                    "integers 0..65535 or all to be RGB triples of 0..255"
                )

    def __repr__(self):
        # Without the names of thousands of files.
        return (
            f"SegmentationRecord({self.name!r}, {len(self.pairs)} "
            f"{'pairs' if self.labelled else 'pictures without masks'}, "
            f"{len(self.classes)} classes, {len(set(self.cities))} groups)"
        )

    def __len__(self) -> int:
        return len(self.pairs)

    def ignore_mask(self, index: int) -> str | None:
        """The path of the picture that says what is ignored of a pair, if there is one.

        Args:
            index: Position in `pairs`.
        """
        return self.ignore_masks[index] if self.ignore_masks else None

    @property
    def is_colour_coded(self) -> bool:
        """Whether the masks show classes as colours instead of ids."""
        return isinstance(next(iter(self.id_map), None), tuple)

    def select(self, indices: Iterable[int]) -> "SegmentationRecord":
        """The record of some of the pairs, in the order asked for.

        Args:
            indices: Positions in `pairs`; one may come more than once.
        """
        return dataclasses.replace(
            self,
            pairs=tuple(self.pairs[index] for index in indices),
            cities=tuple(self.cities[index] for index in indices),
            ignore_masks=tuple(self.ignore_masks[index] for index in indices)
            if self.ignore_masks
            else (),
        )

    def pictures(self) -> "SegmentationRecord":
        """The record of the pictures alone, whose masks nobody can read any more."""
        return dataclasses.replace(
            self,
            pairs=tuple((image, None) for image, _ in self.pairs),
            ignore_masks=(),
            labelled=False,
        )

    def require_masks(self) -> None:
        """Raise if these are pictures alone, where masks are to be read."""
        if not self.labelled:
            raise ValueError(
                f"{self.name} holds pictures without masks, expected images with masks."
                " A training takes pictures alone as unlabelled=... or --unlabelled."
            )

    def _expect_masks(self):
        without = sum(mask is None for _, mask in self.pairs)
        if without != (0 if self.labelled else len(self.pairs)):
            raise ValueError(
                f"{self.name}: {without} of {len(self.pairs)} pictures have no mask, "
                f"expected {'none' if self.labelled else 'all'} of them with labelled="
                f"{self.labelled}"
            )

    def _expect_one_each(self, field, values, others, what):
        if len(values) != len(others):
            raise ValueError(
                f"{self.name}: {field} has {len(values)} entries, expected one for "
                f"each {what}, {len(others)}"
            )
