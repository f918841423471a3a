"""The files that show a comparison."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PIL import Image

from keras_pixda.comparison.comparison_table import comparison_table
from keras_pixda.comparison.legend import legend
from keras_pixda.comparison.published import PUBLISHED
from keras_pixda.comparison.report import report
from keras_pixda.comparison.report_groups import report_groups
from keras_pixda.comparison.results import Results
from keras_pixda.comparison.shots_figure import shots_figure
from keras_pixda.runs.panels import Panels
from keras_pixda.runs.run_folder import RunFolder


def write_comparison(
    folder: RunFolder,
    results: Results | Iterable[dict],
    titles: dict[str, str],
    shots: Sequence[int],
    title: str,
    facts: dict[str, str],
    panels: Panels,
    blocks: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Write all that the folder of a comparison shows.

    Args:
        folder: The `RunFolder`; it holds a picture of classes for each image of the
            panels and each method, `cells/<method>_<shots>_<number>.png`, of the first
            number of shots above 0, if the method has one.
        results: `Results`, or cells as `results.json` holds them.
        titles: Dict from the name of a method to the title of its row, in order.
        shots: Numbers of shots, the columns.
        title: Heading of the page.
        facts: Dict from text to text, how it was measured.
        panels: `Panels` of the validation images.
        blocks: Dict from a heading to the names of methods that stand below it in
            tables, after all others. Defaults to `None`, no such block.

    Returns:
        What `table.md` holds: the table as Markdown, below what its figures are.
    """
    results = Results.of(results)
    results.write(folder)
    table = f"{legend(results)}\n\n{comparison_table(results, titles, shots, blocks)}"
    folder.write("table.md", table + "\n")
    panel = _panel(folder, panels, titles, shown_shots(shots))
    if panel:
        folder.write("panel.png", panel)
    folder.write("figure.svg", shots_figure(results, titles, shots))
    groups = report_groups(titles, blocks)
    page = report(results, titles, shots, title, facts, panel, PUBLISHED, groups)
    folder.write("report.html", page)
    return table


def shown_shots(shots: Sequence[int]) -> int:
    """The number of shots that pictures show: the first at which all methods run."""
    return next((k for k in shots if k), shots[0])


def _panel(folder, panels, titles, shots):
    """The same images, a column for each method, of the first seed."""
    for name, title in titles.items():
        files = [
            folder / f"cells/{name}_{shots}_{number}.png"
            for number in range(len(panels.columns["image"]))
        ]
        panels.columns[title] = [np.asarray(Image.open(f)) for f in files]
    return panels.pictures(cell_width=240).get("all.png")
