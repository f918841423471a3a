"""Names and figures as text."""

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.table

WIDTH = 80
# Below the head and between parts, for `rich.box.Box`.
RULES = "    \n    \n -- \n    \n -- \n    \n    \n    \n"


def text_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    foot: Iterable[Sequence[str]] = (),
    styled: bool = False,
) -> str:
    """Lay out rows of a name and figures as a table of at most 80 columns.

    Figures are never cut: a name that is too long is, and ends in dots.

    Example:

    ```python
    from keras_pixda.visualization.text_table import text_table

    table = text_table(["class", "IoU %"], [["road", "90.0"]], [["mean", "90.0"]])
    assert table.splitlines() == [
        "class    IoU %",
        "--------------",
        "road      90.0",
        "--------------",
        "mean      90.0",
    ]
    ```

    Args:
        headings: One for each column.
        rows: The texts of each row.
        foot: Rows below a second rule. Defaults to `()`.
        styled: Whether to add what a terminal shows as bold and coloured: headings and
            the foot, and figures with a sign. Defaults to `False`.

    Returns:
        The table as one string without a newline at its end.
    """
    # Loaded when a table is shown: the command line answers faster without it.
    from rich.box import Box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    rules = Box(RULES, ascii=True)
    table = Table(box=rules, show_edge=False, pad_edge=False, padding=0)
    name, *figures = headings
    parts = [list(rows), list(foot)]
    longest = max(cell_len(row[0]) for row in [headings, *parts[0], *parts[1]])
    width = min(longest + 1, WIDTH - 8 * len(figures))
    table.add_column(_name(name, width), width=width, no_wrap=True)
    for heading in figures:
        table.add_column(Text(heading), justify="right", min_width=7, no_wrap=True)
    for number, part in enumerate(parts):
        for name, *cells in part:
            table.add_row(
                _name(name, width), *map(_figure, cells), style="bold" * number
            )
        table.add_section()
    return "\n".join(printed_lines(table, styled))


def printed_lines(table: "rich.table.Table", styled: bool) -> list[str]:
    """The lines that a table of `rich` takes in at most 80 columns.

    Args:
        table: The table.
        styled: Whether to add what a terminal shows as bold and coloured.
    """
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file,
        width=WIDTH,
        force_terminal=styled,
        color_system="standard" if styled else None,
        force_jupyter=False,
        legacy_windows=False,
    )
    console.print(table)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def _name(text, width):
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    # Dots of ASCII, which every log can hold.
    cut = cell_len(text) > width
    return Text(set_cell_size(text, width - 3) + "..." if cut else text)


def _figure(text):
    from rich.text import Text

    style = {"+": "green", "-": "red"}.get(text[:1], "") if text[1:] else ""
    return Text(text, "" if text.strip("+-0.") == "" else style)
