"""The tables of the page that shows a comparison."""

import math
from html import escape


def table(caption, head, rows, look="", best=True, digits=1):
    """A table in a box of its own, which scrolls where it is too wide.

    Args:
        caption: What it is, for those who do not see it.
        head: HTML of the rows above.
        rows: Title, and values with their spreads, for each row.
        look: Class of the table.
        best: Whether to mark the highest value of a column, unless it is 0.
        digits: Decimals of the values.
    """
    body = []
    # As they are read: what looks the same is equally good.
    shown = [[round(value, digits) for value, _ in row] for _, row in rows]
    for title, row in rows:
        cells = []
        for column, (value, spread) in enumerate(row):
            text = "–" if math.isnan(value) else f"{value:.{digits}f}"
            if not math.isnan(spread):
                text += f" <small>± {spread:.{digits}f}</small>"
            others = [
                values[column] for values in shown if values[column] == values[column]
            ]
            if (
                best
                and len(rows) > 1
                and others
                and round(value, digits) == max(others) > 0
            ):
                text += '<span class="hidden"> (best)</span>'
                cells.append(f'<td class="best">{text}</td>')
            else:
                cells.append(f"<td>{text}</td>")
        body.append(f'<tr><th scope="row">{escape(title)}</th>{"".join(cells)}</tr>')
    lines = [
        f'<div class="box" role="region" tabindex="0" aria-label="{escape(caption)}">',
        f'<table class="{look}">',
        f'<caption class="hidden">{escape(caption)}</caption>',
        f"<thead>{head}</thead>",
        *("<tbody>", *body, "</tbody>"),
        *("</table>", "</div>"),
    ]
    return "\n".join(lines)


def columns(names):
    """HTML of the headings of columns."""
    return "".join(f'<th scope="col">{escape(str(name))}</th>' for name in names)
