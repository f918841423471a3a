"""The page that shows a whole comparison."""

import base64
import io
import math
import re
from collections.abc import Iterable, Sequence

import jinja2
from markupsafe import Markup
from PIL import Image

from keras_pixda.comparison.published import Published
from keras_pixda.comparison.report_groups import report_groups
from keras_pixda.comparison.report_table import report_table
from keras_pixda.comparison.results import Results
from keras_pixda.comparison.rows import ROWS
from keras_pixda.comparison.shots_figure import shots_figure
from keras_pixda.visualization.class_names import (
    ABSENT_SHARE,
    ABSENT_TITLE,
    class_names,
)

# mIoU first, it is what a phone shows.
_MEANS = {
    "mean_iou": "mIoU",
    "well_iou": "well represented",
    "under_iou": "under-represented",
}
_WIDEST = 2400  # Pixels of the panel.


def report(
    results: Results | Iterable[dict],
    titles: dict[str, str],
    shots: Sequence[int],
    title: str,
    facts: dict[str, str],
    panel: Image.Image | None = None,
    published: Published | None = None,
    groups: dict[str, list[str]] | None = None,
) -> str:
    """Lay out a comparison as one HTML page that needs nothing else.

    Tables of mean and spread over seeds, the figure of mIoU against shots, the panel,
    IoU of every class, seconds, and how it was measured. No script, nothing from the
    network, light and dark, readable on a phone.

    Example:

    ```python
    from keras_pixda.comparison import report

    iou = {"mean_iou": 0.5, "well_iou": 0.6, "under_iou": 0.4, "road": 0.6, "car": 0.4}
    cell = {"method": "pixda", "shots": 1, "seed": 0, "seconds": 9.5, "iou": iou}
    page = report(
        [cell], {"pixda": "PixDA"}, shots=[1], title="Day & night",
        facts={"command": "`make compare`"},
    )
    assert page.startswith("<!doctype html>")
    assert "<title>Day &amp; night</title>" in page
    ```

    Args:
        results: `Results`, or cells as `results.json` holds them.
        titles: Dict from the name of a method to the title of its row, in order.
        shots: Numbers of shots, the columns.
        title: Heading of the page.
        facts: Dict from text to text, how it was measured; what stands between
            backticks shows as code.
        panel: `PIL.Image.Image` of the same images under every method. Defaults to
            `None`: no panel.
        published: `Published` figures to show as well. Defaults to `None`: no such
            table.
        groups: Dict from a heading to the names of its methods, a table each; the
            figure shows the first. Defaults to `None`, as `report_groups` says: the
            methods, and the parts and options of each below it.

    Returns:
        The page, as text.

    Raises:
        ValueError: If a method of the results or of a group has no title, or no result
            belongs to the first group.
    """
    results = Results.of(results)
    groups = report_groups(titles) if groups is None else groups
    named = {*results.methods}.union(*groups.values())
    unknown = sorted(named - set(titles))
    if unknown:
        raise ValueError(f"Methods {unknown} have no title, titles are {titles}.")

    def percent(name, k, key):
        mean, spread = results.over_seeds(name, k, key)
        return 100 * mean, 100 * spread

    def rows(names):
        return {name: titles[name] for name in names}

    first = rows(next(iter(groups.values())))
    classes, absent = _occurring(results, titles, shots)
    return _template().render(
        title=title,
        seeds=len(results.seeds),
        groups=[
            (heading, _means(heading, rows(names), shots, percent))
            for heading, names in groups.items()
        ],
        # Whole SVG, escaped where it was drawn.
        figures=[
            (look, Markup(shots_figure(results, first, shots, width)))
            for look, width in (("wide", 1000), ("narrow", 350))
        ],
        panel=_jpeg(panel) if panel else None,
        classes=[(k, _classes(classes, titles, k, percent)) for k in shots],
        absent=absent,
        given=_given(titles, shots, percent) if absent else None,
        published=published,
        published_table=_published(published, titles) if published else None,
        seconds=report_table(
            "Seconds of every method",
            _headings(shots),
            [
                (row, [results.over_seeds(name, k, "seconds") for k in shots])
                for name, row in titles.items()
            ],
            best=False,
            digits=0,
        ),
        # Every second part stood between backticks.
        facts=[(name, re.split("`([^`]+)`", text)) for name, text in facts.items()],
    )


def _template():
    return jinja2.Environment(
        loader=jinja2.PackageLoader("keras_pixda.comparison"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).get_template("report.html.jinja2")


def _headings(shots):
    return [f"{k}-shot" for k in shots]


def _means(caption, titles, shots, value):
    """The table of mIoU, well and under."""
    values = {
        key: [[value(name, k, key) for k in shots] for name in titles] for key in _MEANS
    }
    # Without under-represented classes, say, there is no mean over them.
    shown = [
        key
        for key, rows in values.items()
        if not all(math.isnan(mean) for row in rows for mean, _ in row)
    ]
    return report_table(
        f"{caption}: mIoU, well and under",
        _headings(shots) * len(shown),
        [
            (title, [pair for key in shown for pair in values[key][number]])
            for number, title in enumerate(titles.values())
        ],
        groups=[(_MEANS[key], len(shots)) for key in shown],
        look="means",
    )


def _occurring(results, titles, shots):
    """The classes that have an IoU anywhere, and the others."""
    names = class_names(results.keys)
    occurring = [
        name
        for name in names
        if not all(
            math.isnan(results.over_seeds(method, k, name)[0])
            for method in titles
            for k in shots
        )
    ]
    return occurring, [name for name in names if name not in occurring]


def _classes(classes, titles, k, value):
    """IoU of every class at one number of shots."""
    return report_table(
        f"IoU of every class, {k}-shot",
        classes,
        [
            # The spread would make a wide table wider: it stands in the CSV file.
            (title, [(value(name, k, key)[0], math.nan) for key in classes])
            for name, title in titles.items()
        ],
        look="classes",
    )


def _given(titles, shots, value):
    """Pixels given to absent classes, `None` if there were none."""
    shares = [
        (title, [value(name, k, ABSENT_SHARE) for k in shots])
        for name, title in titles.items()
    ]
    if not any(mean > 0 for _, row in shares for mean, _ in row):
        return None
    caption = f"{ABSENT_TITLE.capitalize()}, in % of the pixels"
    return report_table(caption, _headings(shots), shares, best=False, digits=2)


def _published(published, titles):
    """The published figures, in the paper's own names."""
    rows = {
        name: published.titles.get(name) or titles.get(name) or ROWS[name].title
        for name in published.figures
    }

    def value(name, k, key):
        return published.over_shots(name, k, key), math.nan

    return _means("Published figures", rows, published.shots, value)


def _jpeg(picture):
    picture = picture.convert("RGB")
    picture.thumbnail((_WIDEST, 10 * _WIDEST))
    file = io.BytesIO()
    # Whole colours everywhere: the edges of the masks stay clean.
    picture.save(file, "JPEG", quality=88, subsampling=0, optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return {"width": picture.width, "height": picture.height, "data": data}
