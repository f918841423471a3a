"""Which rows of a comparison stand in one table."""

from collections.abc import Iterable

from keras_pixda.comparison.rows import ABLATIONS, OPTIONS, ROWS


def report_groups(names: Iterable[str]) -> dict[str, list[str]]:
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
    """
    names = list(names)
    apart = {"PixDA, part by part": ABLATIONS, "PixDA with one option": OPTIONS}
    variants = {*ABLATIONS, *OPTIONS}
    methods = [name for name in names if name not in variants]
    groups = {"Methods": methods} if methods else {}
    for heading, rows in apart.items():
        found = [name for name in names if name in rows]
        if found:
            varied = {ROWS[name].method for name in found}
            groups[heading] = [name for name in names if name in varied] + found
    return groups
