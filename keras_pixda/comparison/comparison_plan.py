"""What a comparison compares, as its folder remembers it."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

from keras_pixda.comparison.rows import BEYOND, METHODS, ROWS
from keras_pixda.runs.read_json import read_json

PLAN = "comparison.json"


@dataclasses.dataclass(frozen=True)
class ComparisonPlan:
    """The methods, numbers of shots and seeds of a comparison.

    Example:

    ```python
    from keras_pixda.comparison.comparison_plan import ComparisonPlan

    plan = ComparisonPlan.of(shots=[1, 2])
    assert plan.shots == (1, 2)
    assert plan.seeds == 3
    assert plan.methods[-1] == "pixda+"
    ```

    Args:
        methods: Names of rows of `keras_pixda.comparison.rows.ROWS`. Defaults to the
            registered methods that need no unlabelled images.
        shots: Numbers of target images from each city; 0 runs the methods that need
            none. Defaults to `(1, 3, 5)`.
        seeds: Number of seeds. Defaults to 3.

    Raises:
        ValueError: If a method is unknown, a number is below 0, or one of them stands
            twice or none at all.
    """

    methods: tuple[str, ...] = dataclasses.field(
        default_factory=lambda: _default_methods()
    )
    shots: tuple[int, ...] = (1, 3, 5)
    seeds: int = 3

    def __post_init__(self):
        unknown = [name for name in self.methods if name not in ROWS]
        if unknown:
            raise ValueError(f"Unknown methods {unknown}, expected some of {[*ROWS]}.")
        if not self.methods or len({*self.methods}) < len(self.methods):
            raise ValueError(
                f"methods are {[*self.methods]}, expected one or more, each once."
            )
        if (
            not self.shots
            or not all(_is_count(k, least=0) for k in self.shots)
            or len({*self.shots}) < len(self.shots)
        ):
            raise ValueError(
                f"shots are {[*self.shots]}, expected one or more whole numbers, each "
                "once."
            )
        if not _is_count(self.seeds):
            raise ValueError(
                f"seeds is {self.seeds!r}, expected a whole number of at least 1."
            )

    @classmethod
    def of(
        cls,
        folder: str | os.PathLike | None = None,
        methods: Sequence[str] | None = None,
        shots: Sequence[int] | None = None,
        seeds: int | None = None,
        unlabelled: bool = False,
    ) -> "ComparisonPlan":
        """What is given, else what the folder remembers, else the defaults.

        Args:
            folder: Folder of a comparison that is resumed. Defaults to `None`.
            methods: Defaults to `None`, not given.
            shots: Defaults to `None`, not given.
            seeds: Defaults to `None`, not given.
            unlabelled: Whether there are unlabelled images, so that methods that need
                some are among the default ones. Defaults to `False`.
        """
        given = {
            "methods": None if methods is None else tuple(methods),
            "shots": None if shots is None else tuple(shots),
            "seeds": seeds,
        }
        missing = [name for name, value in given.items() if value is None]
        plan = cls(_default_methods(unlabelled))
        if folder is not None and missing:
            plan = _remembered(plan, pathlib.Path(folder, PLAN), missing)
        given = {name: given[name] for name in given if name not in missing}
        return dataclasses.replace(plan, **given)


def _is_count(value, least=1):
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _default_methods(unlabelled=False):
    """The registered methods and what goes beyond them, of those that can run."""
    names = (*METHODS, *BEYOND)
    return tuple(n for n in names if unlabelled or not ROWS[n].needs_unlabelled)


def _remembered(plan, path, names):
    """The plan with what a file says of some names, if there is one."""
    if not path.exists():  # A comparison of version 0.1.
        return plan
    values, _ = read_json(path)
    try:
        values = {name: values[name] for name in names}
        lists = {n: tuple(v) for n, v in values.items() if n != "seeds"}
        return dataclasses.replace(plan, **{**values, **lists})
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: does not hold the methods, shots and seeds of a comparison "
            f"({error!r}): give --methods, --shots and --seeds."
        ) from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
