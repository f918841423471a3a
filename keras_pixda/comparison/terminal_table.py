"""Results of a comparison in a terminal."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from keras_pixda.comparison.results import Results
from keras_pixda.comparison.table_rows import table_rows
from keras_pixda.visualization.text_table import RULES, WIDTH, printed_lines


def terminal_table(
    results: Results | Iterable[dict],
    titles: dict[str, str],
    shots: Sequence[int],
    styled: bool = False,
    blocks: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The table of a comparison in at most 80 columns; what is longer is folded.

    Example:

    ```python
    from keras_pixda.comparison.terminal_table import terminal_table

    cell = {"method": "fda", "shots": 1, "seed": 0, "iou": {"mean_iou": 0.5}}
    table = terminal_table([cell], {"fda": "FDA"}, shots=[1])
    assert table.splitlines()[-1].split() == ["FDA", "50.0"]
    ```

    Args:
        results: `Results`, or cells as `results.json` holds them.
        titles: Dict from the name of a method to the title of its row.
        shots: The columns.
        styled: Whether to add what a terminal shows as bold. Defaults to `False`.
        blocks: As in `comparison_table`. Defaults to `None`.

    Returns:
        What `comparison_table` says, without a newline at its end.
    """
    # Loaded when a table is shown: the command line answers faster without it.
    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    (heads, *rows), note = table_rows(Results.of(results), titles, shots, blocks)
    table = Table(box=Box(RULES, ascii=True), show_edge=False, pad_edge=False)
    longest = max(len(cell) for row in rows for cell in row[1:])
    space = WIDTH - 3 * len(shots)  # Between columns are three characters.
    if max(map(len, titles.values())) + longest * len(shots) > space:
        # The spread goes below the means.
        rows = [[cell.replace(" (±", "\n(±") for cell in row] for row in rows]
        longest = max(
            len(line) for row in rows for cell in row[1:] for line in cell.split("\n")
        )
    fits = space - longest * len(shots) >= 16
    most = space - longest * len(shots) if fits else None
    table.add_column(Text(heads[0]), overflow="fold", max_width=most)
    for head in heads[1:]:
        width = max(longest, len(head)) if fits else None
        table.add_column(Text(head), justify="right", overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    lines = printed_lines(table, styled)
    if note:
        lines += ["", *textwrap.wrap(note, WIDTH - 1, break_on_hyphens=False)]
    return "\n".join(lines)
