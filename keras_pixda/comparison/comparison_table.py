"""Results of a comparison as Markdown."""

import math
from collections.abc import Iterable, Sequence

from keras_pixda.comparison.plus_minus import plus_minus
from keras_pixda.comparison.results import Results
from keras_pixda.visualization.iou_table import ABSENT_SHARE, ABSENT_TITLE


def comparison_table(
    results: Results | Iterable[dict], titles: dict[str, str], shots: Sequence[int]
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

    Returns:
        The table: mIoU / well / under in %, and the spread of mIoU over seeds if there
        are several; below it a line with the pixels given to classes that no mask
        holds, if any were.
    """
    results = Results.of(results)
    lines = [
        "| method | " + " | ".join(f"{k}-shot" for k in shots) + " |",
        "|---" * (len(shots) + 1) + "|",
    ]
    means = [
        key for key in ("mean_iou", "well_iou", "under_iou") if key in results.keys
    ]
    given = []
    for name, title in titles.items():
        cells = []
        for k in shots:
            found = [results.over_seeds(name, k, key) for key in means]
            values = " / ".join(_percent(mean) for mean, _ in found)
            spread = 100 * found[0][1] if found else math.nan
            cells.append(values + plus_minus(spread, " (± {:.1f})"))
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
        shares = [results.over_seeds(name, k, ABSENT_SHARE)[0] for k in shots]
        if any(share > 0 for share in shares):
            given.append(f"{title} {' / '.join(f'{100 * s:.2g}' for s in shares)}")
    if given:
        heading = f"{ABSENT_TITLE.capitalize()}, in % of the pixels"
        lines += ["", f"{heading}: {'; '.join(given)}."]
    return "\n".join(lines)


def _percent(value):
    return "–" if math.isnan(value) else f"{100 * value:.1f}"
