"""The page that shows a whole comparison."""

import base64
import io
import math
import re
from html import escape

from keras_pixda.comparison import published as published_figures
from keras_pixda.comparison.report_style import STYLE
from keras_pixda.comparison.report_table import columns, table
from keras_pixda.comparison.rows import ABLATIONS, OPTIONS, ROWS
from keras_pixda.visualization import over_seeds, shots_figure
from keras_pixda.visualization.iou_table import (
    ABSENT_SHARE,
    ABSENT_TITLE,
    class_names,
)

_MEANS = {
    "mean_iou": "mIoU",
    "well_iou": "well represented",
    "under_iou": "under-represented",
}
_WIDEST = 2400  # Pixels of the panel.


def report(
    results, titles, shots, title, facts, panel=None, published=None, groups=None
):
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
        [cell], {"pixda": "PixDA"}, shots=[1], title="Toy scenes",
        facts={"command": "`make compare`"},
    )
    print(page[:15])  # <!doctype html>
    ```

    Args:
        results: Cells as the `results.json` of a comparison holds them.
        titles: Dict from the name of a method to the title of its row, in order.
        shots: Numbers of shots, the columns.
        title: Heading of the page.
        facts: Dict from text to text, how it was measured; what stands between
            backticks shows as code.
        panel: `PIL.Image.Image` of the same images under every method. Defaults to
            `None`: no panel.
        published: Dict like `published.PUBLISHED`, from the name of a method to mIoU,
            well and under in % at 1, 3 and 5 shots. Defaults to `None`: no such table.
        groups: Dict from a heading to the names of its methods, a table each; the
            figure shows the first. Defaults to `None`: the methods, and PixDA's
            ablations and options, each after PixDA.

    Returns:
        The page, as text.

    Raises:
        ValueError: If a method of the results or of a group has no title, or no result
            belongs to the first group.
    """
    groups = _groups(titles) if groups is None else groups
    named = {cell["method"] for cell in results}.union(*groups.values())
    unknown = sorted(named - set(titles))
    if unknown:
        raise ValueError(f"Methods {unknown} have no title, titles are {titles}.")

    def measured(name, k, key):
        return over_seeds(results, name, k, key)

    groups = {
        heading: {name: titles[name] for name in names}
        for heading, names in groups.items()
    }
    tables = [
        _section(heading, _means(heading, rows, shots, measured))
        for heading, rows in groups.items()
    ]
    sections = [tables[0], _figure(results, next(iter(groups.values())), shots)]
    if panel is not None:
        sections.append(_panel(panel))
    sections += [*tables[1:], _classes(results, titles, shots, measured)]
    if published is not None:
        sections.append(_published(published, titles))
    sections += [_seconds(titles, shots, measured), _facts(facts)]
    seeds = _seeds(results)
    spread = (
        f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p class="faint">IoU in %, {spread}. The best of a column is shaded and bold.</p>
</header>
<main>
{"".join(sections)}</main>
</body>
</html>
"""


def _groups(titles):
    apart = {"PixDA, part by part": ABLATIONS, "PixDA with one option": OPTIONS}
    methods = [name for name in titles if name not in {**ABLATIONS, **OPTIONS}]
    groups = {"Methods": methods} if methods else {}
    for heading, rows in apart.items():
        names = [name for name in titles if name in rows]
        if names:
            groups[heading] = [name for name in titles if name == "pixda"] + names
    return groups


def _seeds(results):
    return len({cell["seed"] for cell in results})


def _section(heading, *parts):
    lines = ["<section>", f"<h2>{escape(heading)}</h2>", *parts, "</section>", ""]
    return "\n".join(lines)


def _means(caption, titles, shots, value):
    """The table of mIoU, well and under; mIoU first, it is what a phone shows."""
    values = {
        key: [[value(name, k, key) for k in shots] for name in titles] for key in _MEANS
    }
    # Without under-represented classes, say, there is no mean over them.
    shown = [
        key
        for key, rows in values.items()
        if not all(math.isnan(mean) for row in rows for mean, _ in row)
    ]
    above = "".join(
        f'<th scope="colgroup" colspan="{len(shots)}">{_MEANS[key]}</th>'
        for key in shown
    )
    head = (
        f'<tr><th scope="col" rowspan="2">method</th>{above}</tr>'
        f"<tr>{columns([f'{k}-shot' for k in shots] * len(shown))}</tr>"
    )
    rows = [
        (title, [_percent(pair) for key in shown for pair in values[key][number]])
        for number, title in enumerate(titles.values())
    ]
    return table(f"{caption}: mIoU, well and under", head, rows, "means")


def _percent(pair):
    return tuple(100 * value for value in pair)


def _figure(results, titles, shots):
    drawn = [
        f'<div class="{look}">{shots_figure(results, titles, shots, width)}</div>'
        for look, width in (("wide", 1000), ("narrow", 350))
    ]
    if _seeds(results) > 1:
        note = "Whiskers and the grey band are one standard deviation over the seeds."
        drawn.append(f'<figcaption class="faint">{note}</figcaption>')
    heading = "mIoU against the number of labelled target images"
    return _section(heading, "<figure>", *drawn, "</figure>")


def _panel(picture):
    picture = picture.convert("RGB")
    picture.thumbnail((_WIDEST, 10 * _WIDEST))
    file = io.BytesIO()
    # Whole colours everywhere: the edges of the masks stay clean.
    picture.save(file, "JPEG", quality=88, subsampling=0, optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return _section(
        "The same images under every method",
        '<div class="panel">',
        '<input type="checkbox" id="full"> <label for="full">full size</label>',
        '<div class="box" role="region" tabindex="0" aria-label="pictures">',
        f'<img width="{picture.width}" height="{picture.height}" '
        'alt="A row for each validation image; columns with the image, its true '
        "classes and the classes that each method sees, as colours named below the "
        f'pictures." src="data:image/jpeg;base64,{data}">',
        *("</div>", "</div>"),
    )


def _classes(results, titles, shots, value):
    """A table for each number of shots, without the classes that never occur."""
    classes = class_names(results[0]["iou"])
    absent = [
        name
        for name in classes
        if all(math.isnan(value(n, k, name)[0]) for n in titles for k in shots)
    ]
    classes = [name for name in classes if name not in absent]
    parts = []
    for k in shots:
        rows = [
            # The spread would make a wide table wider: it stands in the CSV file.
            (title, [(100 * value(name, k, c)[0], math.nan) for c in classes])
            for name, title in titles.items()
        ]
        head = f'<tr><th scope="col">method</th>{columns(classes)}</tr>'
        drawn = table(f"IoU of every class, {k}-shot", head, rows, "classes")
        first = "" if parts else " open"
        parts.append(
            f"<details{first}><summary>{k}-shot</summary>\n{drawn}\n</details>"
        )
    if absent:
        names = escape(", ".join(absent))
        parts.append(f'<p class="faint">Held by no evaluation mask: {names}.</p>')
        shares = [
            (title, [_percent(value(name, k, ABSENT_SHARE)) for k in shots])
            for name, title in titles.items()
        ]
        if any(mean > 0 for _, row in shares for mean, _ in row):
            caption = f"{ABSENT_TITLE.capitalize()}, in % of the pixels"
            names = columns(f"{k}-shot" for k in shots)
            head = f'<tr><th scope="col">method</th>{names}</tr>'
            drawn = table(caption, head, shares, best=False, digits=2)
            parts.append(f'<p class="faint">{caption}:</p>\n{drawn}')
    return _section("IoU of every class", *parts)


def _published(figures, titles):
    shots = published_figures.SHOTS

    def value(name, k, key):
        row = dict(zip(shots, figures[name], strict=True))
        return row[k][list(_MEANS).index(key)] / 100, math.nan

    # The authors' NAAE is none of our reconstruction.
    titles = {**titles, "naae": "NAAE"}
    rows = {name: titles.get(name, ROWS[name].title) for name in figures}
    setting = escape(published_figures.SETTING)
    return _section(
        "Published figures",
        f'<p><strong>{setting}.</strong> <span class="faint">'
        f"{escape(published_figures.SOURCE)}, "
        f'<a href="{published_figures.LINK}">{published_figures.LINK}</a>.</span></p>',
        _means("Published figures", rows, shots, value),
    )


def _seconds(titles, shots, value):
    head = f'<tr><th scope="col">method</th>{columns(f"{k}-shot" for k in shots)}</tr>'
    rows = [
        (title, [value(name, k, "seconds") for k in shots])
        for name, title in titles.items()
    ]
    return _section(
        "Seconds",
        '<p class="faint">Training of one model, mean over the seeds; that of the '
        "source-only weights, where the others start, is counted once, as Source Only."
        "</p>",
        table("Seconds of every method", head, rows, best=False, digits=0),
    )


def _facts(facts):
    entries = []
    for name, text in facts.items():
        text = re.sub("`([^`]+)`", _code, escape(text))
        entries.append(f"<dt>{escape(name)}</dt><dd>{text}</dd>")
    return _section("How it was measured", "<dl>", *entries, "</dl>")


def _code(found):
    words = (f"<span>{word}</span>" for word in found[1].split())
    return f"<code>{' '.join(words)}</code>"
