"""Per-class IoU as text, without the classes that do not occur."""

import math
from collections.abc import Iterable

from keras_pixda.visualization import iou_table
from keras_pixda.visualization.class_names import class_names
from keras_pixda.wrapped import wrapped


def present_table(
    iou: dict[str, float],
    previous: dict[str, float] | None = None,
    well: Iterable[str] = (),
    title: str = "class",
    styled: bool = False,
) -> str:
    """Lay out the classes that occur as a table, with a line that names the others.

    Example:

    ```python
    from keras_pixda.runs import present_table

    table = present_table({"mean_iou": 0.5, "road": 0.5, "train": float("nan")})
    assert table.endswith("not in these data: train")
    ```

    Args:
        iou: Fractions by name, NaN where a class does not occur.
        previous: Earlier result to show the change against. Defaults to `None`.
        well: Names of the well-represented classes. Defaults to `()`.
        title: Heading of the first column. Defaults to `"class"`.
        styled: Whether to add what a terminal shows as bold and coloured. Defaults to
            `False`.

    Returns:
        The table as one string without a newline at its end.
    """
    present = {name: value for name, value in iou.items() if not math.isnan(value)}
    well = [name for name in well if name in present]
    table = iou_table(present, previous, well=well, title=title, styled=styled)
    absent = ", ".join(name for name in class_names(iou) if name not in present)
    if absent:
        table += "\n" + wrapped(f"not in these data: {absent}")
    return table
