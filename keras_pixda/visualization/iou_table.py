"""Per-class IoU as text."""

import math
from collections.abc import Iterable

from keras_pixda.visualization.class_names import (
    ABSENT_SHARE,
    ABSENT_TITLE,
    MEANS,
    absent_percent,
    class_names,
)
from keras_pixda.visualization.text_table import text_table


def iou_table(
    result: dict[str, float],
    previous: dict[str, float] | None = None,
    best: dict[str, float] | None = None,
    well: Iterable[str] | None = None,
    title: str = "class",
    styled: bool = False,
) -> str:
    """Lay out the IoU of every class as a table of at most 80 columns.

    Values are in %, changes in points; a class that does not occur shows as "-". A line
    below tells how many pixels were given to classes that no mask holds, if any were.

    Example:
    ```python
    from keras_pixda.visualization import iou_table

    result = {"mean_iou": 0.5, "road": 0.9, "traffic light": 0.1}
    previous = {"mean_iou": 0.4, "road": 0.8, "traffic light": 0.0}
    table = iou_table(result, previous, title="epoch 2")
    assert table.splitlines() == [
        "epoch 2          IoU %  change",
        "------------------------------",
        "road              90.0   +10.0",
        "traffic light     10.0   +10.0",
        "------------------------------",
        "mean              50.0   +10.0",
    ]
    ```

    Args:
        result: Fractions by name, as from `ClassIoU`: `mean_iou`, maybe `well_iou` and
            `under_iou`, `absent_share`, and the classes.
        previous: Earlier result to show the change against. Defaults to `None`: no
            such column.
        best: Best fraction so far by name. Defaults to `None`: no such column.
        well: Names of the classes that count as well represented, marked with a star.
            Defaults to `None`.
        title: Heading of the first column. Defaults to `"class"`.
        styled: Whether to add what makes means bold and changes red or green in a
            terminal, such as `sys.stdout.isatty()`. Defaults to `False`.

    Returns:
        The table as one string without a newline at its end.

    Raises:
        ValueError: If `well` holds a name that is no class of `result`.
    """
    classes, share = class_names(result), result.get(ABSENT_SHARE, 0.0)
    result = {name: result[name] for name in result if name != ABSENT_SHARE}
    unknown = set(well or ()) - set(classes)
    if unknown:
        raise ValueError(f"`well` holds {sorted(unknown)}, the classes are {classes}.")
    columns = {"IoU %": {name: _percent(result[name]) for name in result}}
    if previous is not None:
        columns["change"] = {n: _change(result[n], previous.get(n)) for n in result}
    if best is not None:
        columns["best"] = {name: _percent(best.get(name)) for name in result}
    means = [name for name in MEANS if name in result]
    rows = [
        [name + (" *" if name in (well or ()) else ""), *_cells(columns, name)]
        for name in classes
    ]
    foot = [[MEANS[name], *_cells(columns, name)] for name in means]
    notes = []
    if well:
        under = "; under = mean of the other classes"
        notes.append(f"* well represented{under if 'under_iou' in result else ''}")
    if share > 0:
        notes.append(f"{ABSENT_TITLE}: {absent_percent(share)} % of the pixels")
    table = text_table([title, *columns], rows, foot, styled=styled)
    return "\n".join([table, *notes])


def _cells(columns, name):
    return [cells[name] for cells in columns.values()]


def _percent(value):
    return "-" if value is None or math.isnan(value) else f"{100 * value:.1f}"


def _change(value, earlier):
    if earlier is None or math.isnan(value) or math.isnan(earlier):
        return "-"
    # `+ 0.0` turns a rounded -0.0 into 0.0.
    return f"{round(100 * (value - earlier), 1) + 0.0:+.1f}"
