"""What a comparison can run: the registered methods and their variants."""

import collections.abc
import dataclasses
from collections.abc import Iterable, Iterator, Sized

from keras_pixda.methods import METHODS as REGISTERED
from keras_pixda.runs import Settings


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of a comparison: a method and what it changes in the settings.

    Example:

    ```python
    from keras_pixda.comparison import Row
    from keras_pixda.runs import Settings

    row = Row("PixDA, twice the weight", "pixda", {"adversarial_weight": 0.2})
    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    assert row.apply(settings)["pixda"].adversarial_weight == 0.2
    ```

    Args:
        title: Its name in tables.
        method: Name of a method of `keras_pixda.methods.METHODS`.
        changes: Settings that differ from the comparison's. Defaults to none.
    """

    title: str
    method: str
    changes: dict = dataclasses.field(default_factory=dict)

    @property
    def has_shots(self) -> bool:
        """Whether it looks at labelled target images."""
        return REGISTERED[self.method].has_shots

    @property
    def reads_unlabelled(self) -> bool:
        """Whether it looks at unlabelled target images where there are some."""
        left_out = self.changes.get("unlabelled", True) is None
        return REGISTERED[self.method].reads_unlabelled and not left_out

    @property
    def needs_unlabelled(self) -> bool:
        """Whether it cannot be trained without unlabelled target images."""
        return REGISTERED[self.method].needs_unlabelled

    def runs_with(self, shots: int) -> bool:
        """Whether it can be trained with a number of shots."""
        method = REGISTERED[self.method]
        needs_shots = method.needs_shots or not self.reads_unlabelled
        return shots > 0 or not (method.has_shots and needs_shots)

    def apply(self, settings: Settings) -> Settings:
        """The settings of this row.

        Without distillation its steps go to adaptation: every row may look at the same
        number of target batches.
        """
        changed = settings.change(**self.changes, method=self.method)
        if changed.training.distillation_steps:
            return changed
        return changed.change(steps=settings.training.target_steps)


class _Rows(collections.abc.Mapping):
    """The rows of some groups by name, of the methods as they are registered now."""

    def __init__(self, *groups):
        self.groups = groups

    def _rows(self):
        rows = {
            name: ("method", Row(method.title, name))
            for name, method in REGISTERED.items()
        }
        for method, declared in REGISTERED.items():
            for name, variant in declared.variants.items():
                if name in rows:
                    raise ValueError(
                        f"{method} has a variant {name!r}, which {rows[name][1].method}"
                        " has already: expected another name."
                    )
                row = Row(variant.title, method, variant.changes)
                rows[name] = (variant.group, row)
        return {
            name: row
            for wanted in self.groups
            for name, (group, row) in rows.items()
            if group == wanted
        }

    def __getitem__(self, name: str) -> Row:
        return self._rows()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows())

    def __len__(self) -> int:
        return len(self._rows())


METHODS = _Rows("method")
# Beyond the papers: what a comparison runs beside the methods.
BEYOND = _Rows("beyond")
ABLATIONS = _Rows("part")
OPTIONS = _Rows("option")
ROWS = _Rows("method", "beyond", "part", "option")


def readers_of_unlabelled(names: Iterable[str]) -> list[str]:
    """Those of some rows that look at unlabelled target images.

    Example:

    ```python
    from keras_pixda.comparison.rows import readers_of_unlabelled

    assert readers_of_unlabelled(["fda", "pixda+"]) == ["pixda+"]
    ```

    Args:
        names: Names of rows of `ROWS`.
    """
    return [name for name in names if ROWS[name].reads_unlabelled]


def unlabelled_block(
    images: Sized | None, names: Iterable[str]
) -> dict[str, list[str]]:
    """The rows that are shown apart from the others, by what they were given more.

    Example:

    ```python
    from keras_pixda.comparison.rows import unlabelled_block

    block = unlabelled_block(range(90), ["fda", "pixda+"])
    assert block == {"With 90 unlabelled images, but for the shots": ["pixda+"]}
    ```

    Args:
        images: The record of the unlabelled images, or `None` if there are none.
        names: Names of rows of `ROWS`.

    Returns:
        Dict from a heading to names, empty if no row looks at unlabelled images.
    """
    readers = readers_of_unlabelled(names)
    if images is None or not readers:
        return {}
    return {f"With {len(images)} unlabelled images, but for the shots": readers}
