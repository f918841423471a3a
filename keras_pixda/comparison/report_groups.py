"""Which rows of a comparison stand in one table."""

from collections.abc import Iterable, Mapping, Sequence

from keras_pixda.comparison.rows import ABLATIONS, METHODS, OPTIONS, ROWS

_VARIANTS = {"{}, part by part": ABLATIONS, "{} with one option": OPTIONS}


def report_groups(
    names: Iterable[str], blocks: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """Headings and the rows below each: methods, then their parts and options apart.

    Variants stand below the method that they vary, if it was run.

    Example:

    ```python
    from keras_pixda.comparison.report_groups import report_groups

    groups = report_groups(["fda", "pixda", "cut_mix"])
    assert groups == {
        "Methods": ["fda", "pixda"],
        "PixDA with one option": ["pixda", "cut_mix"],
    }
    ```

    Args:
        names: Names of the rows, in order.
        blocks: Dict from a heading to the names of methods that stand apart, because
            they were given more. Defaults to `None`.
    """
    names = list(names)
    apart = {name for rows in _VARIANTS.values() for name in names if name in rows}
    blocks = blocks or {}
    apart = apart.union(*blocks.values())
    methods = [name for name in names if name not in apart]
    groups = {"Methods": methods} if methods else {}
    groups |= {heading: list(block) for heading, block in blocks.items()}
    for heading, rows in _VARIANTS.items():
        found = [name for name in names if name in rows]
        for varied in dict.fromkeys(ROWS[name].method for name in found):
            own = [name for name in found if ROWS[name].method == varied]
            groups[heading.format(METHODS[varied].title)] = [
                *(name for name in names if name == varied),
                *own,
            ]
    return groups
