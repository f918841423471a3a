"""Results of a comparison as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from keras_pixda.comparison.results import Results
from keras_pixda.comparison.table_rows import table_rows


def comparison_table(
    results: Results | Iterable[dict],
    titles: dict[str, str],
    shots: Sequence[int],
    blocks: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Markdown in the shape of the published table, mean and spread over seeds.

    Example:

    ```python
    from keras_pixda.comparison import comparison_table

    iou = {"mean_iou": 0.5, "well_iou": 0.6, "under_iou": 0.4}
    cell = {"method": "pixda", "shots": 1, "seed": 0, "iou": iou}
    table = comparison_table([cell], {"pixda": "PixDA"}, shots=[1])
    assert table.endswith("| PixDA | 50.0 / 60.0 / 40.0 |")
    ```

    Args:
        results: `Results`, or cells as `results.json` holds them.
        titles: Dict from the name of a method to the title of its row.
        shots: The columns.
        blocks: Dict from a heading to the names of methods that stand below it, after
            all others. Defaults to `None`, no such block.

    Returns:
        The table: mIoU / well / under in %, and the spread of mIoU over seeds if there
        are several; below it a line with the pixels given to classes that no mask
        holds, if any were.
    """
    (heads, *rows), note = table_rows(Results.of(results), titles, shots, blocks)
    lines = [_line(heads), "|---" * len(heads) + "|", *map(_line, rows)]
    return "\n".join([*lines, "", note] if note else lines)


def _line(cells):
    # A bar in a title would end its cell.
    cells = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(cells)} |"
