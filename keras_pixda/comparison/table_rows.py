"""What the tables of a comparison say, in Markdown or in a terminal."""

import math
from collections.abc import Iterable, Mapping, Sequence

from keras_pixda.comparison.legend import MEANS
from keras_pixda.comparison.plus_minus import plus_minus
from keras_pixda.comparison.results import Results
from keras_pixda.visualization.class_names import (
    ABSENT_SHARE,
    ABSENT_TITLE,
    absent_percent,
)


def table_rows(
    results: Results,
    titles: dict[str, str],
    shots: Sequence[int],
    blocks: Mapping[str, Sequence[str]] | None = None,
) -> tuple[list[list[str]], str]:
    """Headings and rows as text, and a note on pixels given to absent classes.

    Example:

    ```python
    from keras_pixda.comparison import Results
    from keras_pixda.comparison.table_rows import table_rows

    cell = {"method": "fda", "shots": 1, "seed": 0, "iou": {"mean_iou": 0.5}}
    rows, note = table_rows(Results([cell]), {"fda": "FDA"}, shots=[1])
    assert rows == [["method", "1-shot"], ["FDA", "50.0"]]
    assert note == ""
    ```

    Args:
        results: The `Results`.
        titles: Dict from the name of a method to the title of its row.
        shots: The columns.
        blocks: Dict from a heading to the names of methods that stand below it, after
            all others. Defaults to `None`, no such block.

    Returns:
        The rows, of mIoU / well / under in % and the spread of mIoU over seeds, if
        there are several; and the note, empty without such pixels.
    """
    rows = [["method", *(f"{k}-shot" for k in shots)]]
    means = [key for key in MEANS if key in results.keys]
    given = []
    headings = {names[0]: heading for heading, names in (blocks or {}).items() if names}
    for name in in_blocks(titles, blocks):
        if name in headings:
            rows.append([headings[name], *("" for _ in shots)])
        title, cells = titles[name], []
        for k in shots:
            values = [results.over_seeds(name, k, key)[0] for key in means]
            _, spread = results.over_seeds(name, k, "mean_iou")
            text = " / ".join(map(_percent, values))
            cells.append(text + plus_minus(100 * spread, " (± {:.1f})"))
        rows.append([title, *cells])
        shares = [results.over_seeds(name, k, ABSENT_SHARE)[0] for k in shots]
        if any(share > 0 for share in shares):
            given.append(f"{title} {' / '.join(map(_share, shares))}")
    if not given:
        return rows, ""
    heading = f"{ABSENT_TITLE.capitalize()}, in % of the pixels"
    return rows, f"{heading}: {'; '.join(given)}."


def in_blocks(
    names: Iterable[str], blocks: Mapping[str, Sequence[str]] | None
) -> list[str]:
    """The names in order, but those of blocks last."""
    below = [name for block in (blocks or {}).values() for name in block]
    return [*(name for name in names if name not in below), *below]


def _percent(value):
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def _share(value):
    return "–" if math.isnan(value) else absent_percent(value)
