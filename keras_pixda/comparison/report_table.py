"""A table of the page that shows a comparison."""

import math
from collections.abc import Iterable, Sequence

from keras_pixda.comparison.plus_minus import plus_minus


def report_table(
    caption: str,
    columns: Iterable[str],
    rows: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    groups: Sequence[tuple[str, int]] = (),
    look: str = "",
    best: bool = True,
    digits: int = 1,
) -> dict:
    """What the template `table.html.jinja2` shows.

    Example:

    ```python
    from keras_pixda.comparison.report_table import report_table

    rows = [("FDA", [(20.0, 10.0)]), ("PixDA", [(32.0, float("nan"))])]
    _, (title, (cell,)) = report_table("Methods", ["1-shot"], rows)["rows"]
    assert cell == {"text": "32.0", "spread": "", "best": True}
    ```

    Args:
        caption: What it is, for those who do not see it.
        columns: Headings of the values.
        rows: Title, and values with their spreads, NaN where there is none, for each
            row.
        groups: Headings above the columns and over how many each stands. Defaults to
            `()`, none.
        look: Class of the table. Defaults to `""`.
        best: Whether to mark the highest value of a column, unless it is 0. Defaults to
            `True`.
        digits: Decimals of the values. Defaults to 1.
    """
    # As they are read: what looks the same is equally good.
    shown = [[round(value, digits) for value, _ in row] for _, row in rows]
    highest = [
        max((value for value in column if not math.isnan(value)), default=math.nan)
        for column in zip(*shown, strict=True)
    ]
    spread_form = f"± {{:.{digits}f}}"
    drawn = [
        (
            title,
            [
                {
                    "text": "–" if math.isnan(value) else f"{value:.{digits}f}",
                    "spread": plus_minus(spread, spread_form),
                    "best": best
                    and len(rows) > 1
                    and round(value, digits) == highest[number] > 0,
                }
                for number, (value, spread) in enumerate(row)
            ],
        )
        for title, row in rows
    ]
    return {
        "caption": caption,
        "columns": list(columns),
        "groups": list(groups),
        "rows": drawn,
        "look": look,
    }
