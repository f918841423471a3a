import base64
import dataclasses
import html.parser
import io
import math
import os
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from keras_pixda import methods
from keras_pixda.comparison import comparison_table, report, shots_figure
from keras_pixda.comparison.published import PUBLISHED
from keras_pixda.comparison.rows import METHODS, ROWS
from keras_pixda.methods import Method

TITLES = {"source_only": "Source Only", "fda": "FDA", "pixda": "Pix<b>DA"}
FACTS = {"command": "`keras-pixda compare --shots 1 3` & more", "seeds": "0, 1"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)


def cell(method, shots, seed, mean, **classes):
    iou = {"mean_iou": mean, "well_iou": 2 * mean, "under_iou": mean / 2}
    iou |= {"road": 0.5, "train": math.nan, "pole": 0.25, **classes}
    facts = {"method": method, "shots": shots, "seed": seed, "seconds": 10.0 + 4 * seed}
    return {**facts, "iou": iou}


RESULTS = [
    cell("source_only", 1, 0, 0.2),
    cell("source_only", 1, 1, 0.22),
    cell("fda", 1, 0, 0.1),
    cell("fda", 1, 1, 0.3),
    cell("fda", 3, 0, 0.41, pole=math.nan),
    cell("fda", 3, 1, 0.43, pole=None),
    cell("pixda", 1, 0, 0.21, road=0.6),
    cell("pixda", 1, 1, 0.25, road=0.9),
    cell("pixda", 3, 0, 0.32),
]


class Page(html.parser.HTMLParser):
    """Tables, references and words of a page; every element is closed in order."""

    VOID = {"meta", "link", "img", "input", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tables, self.references, self.words = [], [], [], []
        self.images, self.drawings = [], 0
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in self.VOID:
            self.open.append(tag)
        self.drawings += tag == "svg"
        if tag in ("svg", "img"):
            assert attributes.get("aria-label") or attributes.get("alt")
        if tag == "img":
            self.images.append(attributes["src"])
        for name in ("src", "href", "srcset", "action", "data"):
            if name in attributes:
                self.references.append((tag, attributes[name]))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            assert (tag == "td") or attributes["scope"] in ("row", "col", "colgroup")
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attributes):
        assert "svg" in self.open  # Only there is that a way to close.

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.words.append(text)
        if self.open and {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += text


def page(results=RESULTS, titles=TITLES, shots=(1, 3), title="A to B", **more):
    text = report(results, titles, shots, title, FACTS, **more)
    return Page(text)


def test_the_main_table_holds_mean_and_spread_and_marks_the_best():
    heads, shots, source_only, fda, pixda = page().tables[0]
    assert heads == ["method", "mIoU", "well represented", "under-represented"]
    assert shots == ["1-shot", "3-shot"] * 3
    assert source_only == [
        "Source Only",
        *("21.0 ± 1.0", "21.0 ± 1.0", "42.0 ± 2.0", "42.0 ± 2.0"),
        *("10.5 ± 0.5", "10.5 ± 0.5"),
    ]
    assert fda == [
        "FDA",
        *("20.0 ± 10.0", "42.0 ± 1.0 (best)", "40.0 ± 20.0", "84.0 ± 2.0 (best)"),
        *("10.0 ± 5.0", "21.0 ± 0.5 (best)"),
    ]
    # A single seed has no spread.
    assert pixda == [
        "Pix<b>DA",
        *("23.0 ± 2.0 (best)", "32.0", "46.0 ± 4.0 (best)", "64.0"),
        *("11.5 ± 1.0 (best)", "16.0"),
    ]


def test_what_reads_the_same_is_equally_good():
    results = [cell("fda", 1, 0, 0.5), cell("pixda", 1, 0, 0.5002)]
    table = page(results, {"fda": "FDA", "pixda": "PixDA"}, [1]).tables[0]
    assert [row[1] for row in table[2:]] == ["50.0 (best)", "50.0 (best)"]


def test_a_column_of_zeros_has_no_best():
    results = [cell("fda", 1, 0, 0.0), cell("pixda", 1, 0, 0.0, pole=0.0)]
    table = page(results, {"fda": "FDA", "pixda": "PixDA"}, [1]).tables[0]
    assert [row[1] for row in table[2:]] == ["0.0", "0.0"]


def test_a_mean_over_no_class_has_no_column():
    results = [cell("fda", 1, 0, 0.2), cell("pixda", 1, 0, 0.3)]
    for result in results:
        del result["iou"]["under_iou"]
    table = page(results, {"fda": "FDA", "pixda": "PixDA"}, [1]).tables[0]
    assert table[0] == ["method", "mIoU", "well represented"]
    assert table[1] == ["1-shot"] * 2
    assert table[2] == ["FDA", "20.0", "40.0"]


def test_pixels_given_to_absent_classes_have_a_table_of_their_own():
    results = [cell("fda", 1, 0, 0.2), cell("pixda", 1, 0, 0.3, absent_share=0.0123)]
    found = page(results, {"fda": "FDA", "pixda": "PixDA"}, [1])
    classes, given = found.tables[1:3]
    assert classes[0] == ["method", "road", "pole"]
    assert given == [["method", "1-shot"], ["FDA", "–"], ["PixDA", "1.23"]]
    words = "Given to classes that no mask holds, in % of the pixels:"
    assert found.words.count(words) == 1


def test_classes_have_a_table_for_each_number_of_shots():
    found = page()
    one, three = found.tables[1:3]
    # A class that occurs nowhere is named once instead of a column of dashes.
    assert one[0] == three[0] == ["method", "road", "pole"]
    assert "Held by no evaluation mask: train." in found.words
    assert [row[1:] for row in one[1:]] == [
        ["50.0", "25.0 (best)"],
        ["50.0", "25.0 (best)"],
        ["75.0 (best)", "25.0 (best)"],
    ]
    assert three[2] == ["FDA", "50.0 (best)", "–"]


def test_a_method_that_has_not_run_shows_dashes():
    table = page(titles={**TITLES, "naae": "NAAE"}).tables[0]
    assert table[-1] == ["NAAE", *["–"] * 6]


def test_seconds_of_a_method():
    table = page().tables[3]
    assert table[0] == ["method", "1-shot", "3-shot"]
    assert table[2] == ["FDA", "12 ± 2", "12 ± 2"]


def test_parts_and_options_of_pixda_stand_apart_from_the_methods():
    names = ["fda", "pixda", "no_selection", "cut_mix"]
    titles = {name: ROWS[name].title for name in names}
    results = [cell(name, 1, 0, 0.3) for name in names]
    tables = page(results, titles, [1]).tables
    assert [[row[0] for row in table[2:]] for table in tables[:3]] == [
        ["FDA", "PixDA"],
        ["PixDA", "PixDA without selection"],
        ["PixDA", "PixDA with CutMix"],
    ]
    tables = page(results, titles, [1], groups={"All": names}).tables
    assert len(tables[0]) == 2 + 4
    # Parts alone are the first table then.
    titles = {"no_selection": "PixDA without selection"}
    assert page(results[2:3], titles, [1]).tables[0][2][1] == "30.0"


def test_published_figures_are_labelled_for_what_they_are():
    found = page(published=PUBLISHED, titles={n: ROWS[n].title for n in METHODS})
    table = found.tables[3]
    assert len(table) == 2 + 7
    numbers = "27.6 34.7 40.0 42.3 49.3 53.9 7.3 13.7 20.9"
    # Theirs, not our reconstruction of it.
    assert table[3] == ["NAAE", *numbers.split()]
    assert table[-1][1:] == [
        f"{value} (best)"
        for value in (51.2, 54.5, 55.6, 63.3, 65.1, 65.3, 34.5, 40.1, 42.1)
    ]
    assert any("another data pair and network" in words for words in found.words)


def test_the_page_needs_nothing_else_and_escapes_names():
    panel = Image.fromarray(np.full((40, 3000, 3), (200, 30, 30), "uint8"))
    titles = {**TITLES, "fda": '"><script>alert(1)</script>'}
    found = page(titles=titles, title="A < B & C", panel=panel, published=PUBLISHED)
    for tag, target in found.references:
        assert target.startswith("data:") or (tag == "a" and target[:8] == "https://")
    text = report(RESULTS, titles, [1, 3], "A < B & C", FACTS)
    assert "<script" not in text
    assert "@import" not in text
    assert "url(" not in text
    assert "<title>A &lt; B &amp; C</title>" in text
    assert '<html lang="en">' in text
    assert found.drawings == 2
    words = "".join(found.words)
    assert "keras-pixda compare --shots 1 3 & more" in words


def test_whatever_is_named_is_escaped_in_every_place():
    name = '<i>&"name'
    results = [cell("fda", 1, 0, 0.1, **{name: 0.5, f"{name} absent": math.nan})]
    published = dataclasses.replace(
        PUBLISHED, source=name, setting=name, titles={"naae": name}
    )
    text = report(
        results,
        {"fda": name},
        [1],
        name,
        {name: f"{name} `{name} {name}`"},
        published=published,
        groups={name: ["fda"]},
    )
    found = Page(text)
    assert name not in text
    assert "<i>" not in text
    shown = "".join(found.words)
    # Title twice, heading, class, absent class, row of three tables, published row,
    # setting and source, fact and its three.
    assert shown.count(name) >= 14
    assert [row[0] for row in found.tables[0][2:]] == [name]


def test_a_row_from_outside_is_shown_like_the_others(monkeypatch):
    class Dream(Method):
        name = "dream"
        title = "Dream & co"

    monkeypatch.setitem(methods.METHODS, "dream", Dream())
    results = [*RESULTS, cell("dream", 1, 0, 0.9)]
    titles = {name: ROWS[name].title for name in ("source_only", "fda", "pixda")}
    titles |= {"dream": ROWS["dream"].title}
    found = page(results, titles)
    assert found.tables[0][-1][:3] == ["Dream & co", "90.0 (best)", "–"]
    assert "Dream & co" in "".join(found.words)
    assert "Dream &amp; co" in shots_figure(results, titles, [1, 3])
    table = comparison_table(results, titles, [1, 3])
    assert "| Dream & co | 90.0 / 180.0 / 45.0 |" in table


def test_the_panel_is_part_of_the_page_and_not_too_large():
    colour = (200, 30, 60)
    panel = Image.fromarray(np.full((40, 3000, 3), colour, "uint8"))
    (source,) = page(panel=panel).images
    data = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (2400, 32)
    assert abs(np.asarray(picture).astype(int) - colour).max() < 6
    assert page().images == []


def test_methods_without_a_title_are_named():
    with pytest.raises(ValueError, match=r"\['pixda'\] have no title"):
        report(RESULTS, {"source_only": "Source Only", "fda": "FDA"}, [1], "", {})
    with pytest.raises(ValueError, match=r"\['dream'\] have no title"):
        report(RESULTS, TITLES, [1], "", {}, groups={"All": ["dream"]})


def overflow(tmp_path, pages):
    """How far each page is wider than its window, in a browser without a screen."""
    frames = "".join(
        f'<iframe style="border:0;width:{width}px;height:844px" '
        f'srcdoc="{html.escape(text)}"></iframe>'
        for width, text in pages
    )
    script = """addEventListener("load", () => document.body.insertAdjacentHTML(
      "beforeend", "<p>over:" + [...document.querySelectorAll("iframe")].map(
        f => f.contentDocument.documentElement.scrollWidth - f.clientWidth) + ";</p>"))
    """
    file = tmp_path / "frames.html"
    file.write_text(f"<body>{frames}<script>{script}</script></body>", "utf-8")
    command = [BROWSER, "--headless", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
    if os.name == "posix" and os.getuid() == 0:
        command.append("--no-sandbox")
    shown = subprocess.run(
        [*command, pathlib.Path(file).as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    return [int(number) for number in re.search("over:(.*?);", shown)[1].split(",")]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on this machine")
def test_the_page_does_not_scroll_sideways(tmp_path):
    titles = {name: row.title for name, row in ROWS.items()}
    classes = {f"class number {i}": 0.1 for i in range(19)}
    results = [
        cell(name, shots, seed, 0.3, **classes)
        for name in titles
        for shots in (1, 3, 5)
        for seed in (0, 1)
    ]
    text = report(
        results,
        titles,
        [1, 3, 5],
        "A-very-long-name-without-a-space-in-it to another",
        {"command": "`keras-pixda compare --output " + 80 * "x" + "`"},
        Image.new("RGB", (3000, 600)),
        PUBLISHED,
    )
    too_wide = text.replace("<main>", '<main><div style="width:2000px">wide</div>')
    pages = [(360, text), (390, text), (1280, text), (390, too_wide)]
    *narrow, wide = overflow(tmp_path, pages)
    assert narrow == [0, 0, 0]
    assert wide > 100
