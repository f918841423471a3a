from xml.etree import ElementTree

import pytest

from keras_pixda.comparison import shots_figure
from keras_pixda.methods import METHODS, Method

TITLES = {"source_only": "Source Only", "fda": "F<D>A", "pixda": "PixDA"}


def cells(method, shots, values):
    return [
        {"method": method, "shots": shots, "seed": seed, "iou": {"mean_iou": value}}
        for seed, value in enumerate(values)
    ]


RESULTS = [
    *cells("source_only", 1, [0.2, 0.22]),
    *cells("fda", 1, [0.3, 0.3]),
    *cells("fda", 3, [0.33, 0.33]),
    *cells("pixda", 1, [0.36, 0.4]),
    *cells("pixda", 3, [0.4, 0.4]),
]


def drawn(results=RESULTS, titles=TITLES, shots=(1, 3), **options):
    return ElementTree.fromstring(shots_figure(results, titles, shots, **options))


def elements(figure, tag, look=None):
    found = figure.iter("{http://www.w3.org/2000/svg}" + tag)
    return [e for e in found if look is None or look in e.get("class", "").split()]


def places(element):
    pairs = element.get("points").split()
    return [tuple(map(float, pair.split(","))) for pair in pairs]


def heights(figure):
    """Height of the grid line of every value."""
    texts = elements(figure, "text", "end")
    return {float(e.text): float(e.get("y")) for e in texts}


@pytest.mark.parametrize("width", [350, 760])
def test_every_title_stands_in_the_figure_beside_no_other(width):
    figure = drawn(width=width)
    texts = {e.text: e for e in elements(figure, "text")}
    assert set(TITLES.values()) <= set(texts)
    spots = [
        (float(texts[title].get("x")), float(texts[title].get("y")))
        for title in TITLES.values()
    ]
    for index, (x, y) in enumerate(spots):
        assert 0 < x < width - 7 * len(list(TITLES.values())[index])
        assert 0 < y < float(figure.get("height"))
        for other_x, other_y in spots[:index]:
            assert abs(y - other_y) >= 19 or abs(x - other_x) > 100


def test_points_and_whiskers_lie_at_their_values():
    figure = drawn()
    at = heights(figure)
    unit = (at[20] - at[40]) / 20
    # Two points; then the piece of line before the title.
    fda, _ = elements(figure, "polyline", "look0")
    assert places(fda)[0][1] == pytest.approx(at[30], abs=0.11)
    assert places(fda)[1][1] == pytest.approx(at[30] - 3 * unit, abs=0.11)
    assert places(fda)[0][0] < places(fda)[1][0]
    line, whisker, *_ = elements(figure, "polyline", "look1")
    assert places(line)[0][1] == pytest.approx(at[40] + 2 * unit, abs=0.11)
    # 38 +- 2; at 3 shots both seeds agree and there is none.
    tops = [y for _, y in places(whisker)]
    assert tops == pytest.approx([at[40], at[40] + 4 * unit], abs=0.11)
    assert len({x for x, _ in places(whisker)}) == 1
    assert len(elements(figure, "polyline", "look1")) == 1 + 3 + 1


def test_source_only_is_a_level_line_with_a_band():
    figure = drawn()
    at = heights(figure)
    unit = (at[20] - at[40]) / 20
    line, _ = elements(figure, "polyline", "level")
    (left, y), (right, same) = places(line)
    assert y == same == pytest.approx(at[20] - unit, abs=0.11)
    (start, _), (end, _) = places(elements(figure, "polyline", "grid")[0])
    assert (left, right) == (start, end)
    (band,) = elements(figure, "rect", "band")
    assert float(band.get("height")) == pytest.approx(2 * unit, abs=0.11)


def test_lines_differ_without_colour():
    titles = {"source_only": "s", **{f"method{i}": f"m{i}" for i in range(7)}}
    results = [c for n in titles for k in (1, 3) for c in cells(n, k, [0.3])]
    figure = drawn(results, titles)
    shapes = set()
    for index in range(7):
        marker = elements(figure, "polygon", f"look{index}")[0]
        x, y = places(marker)[0]
        shapes.add(tuple((round(a - x), round(b - y)) for a, b in places(marker)))
    assert len(shapes) == 7


def test_crowded_titles_are_moved_apart_within_the_figure():
    titles = {f"method{i}": f"title {i}" for i in range(20)}
    results = [c for name in titles for c in cells(name, 1, [0.3, 0.4])]
    figure = drawn(results, titles, shots=[1])
    lines = {e.text: float(e.get("y")) for e in elements(figure, "text")}
    lines = sorted(lines[title] for title in titles.values())
    gaps = [after - before for before, after in zip(lines, lines[1:], strict=False)]
    assert min(gaps) >= 18.9
    assert lines[0] > 0
    assert lines[-1] < float(figure.get("height"))


def test_shots_stand_at_their_numbers():
    results = [c for k in (1, 2, 5) for c in cells("fda", k, [0.3])]
    figure = drawn(results, {"fda": "FDA"}, shots=[5, 1, 2])
    line = elements(figure, "polyline", "look7")[0]
    first, second, last = (x for x, _ in places(line))
    assert (last - first) / (second - first) == pytest.approx(4, abs=0.01)


def test_a_method_without_results_is_left_out_and_none_at_all_is_an_error():
    titles = {**TITLES, "naae": "NAAE"}
    assert "NAAE" not in shots_figure(RESULTS, titles, [1, 3])
    with pytest.raises(ValueError, match=r"\['naae'\] at \[1, 3\]"):
        shots_figure(RESULTS, {"naae": "NAAE"}, [3, 1])


def test_equal_methods_stand_beside_each_other():
    titles = {"fda": "FDA", "pixda": "PixDA"}
    results = [c for name in titles for k in (1, 3) for c in cells(name, k, [0.3])]
    figure = drawn(results, titles)
    first, second = (
        places(elements(figure, "polyline", look)[0]) for look in ("look7", "look0")
    )
    assert all(b[0] - a[0] > 3 for a, b in zip(first, second, strict=True))


def test_a_single_seed_has_neither_whisker_nor_band_nor_plus_minus():
    results = [c for c in RESULTS if c["seed"] == 0]
    svg = shots_figure(results, TITLES, [1, 3])
    assert "±" not in svg
    figure = ElementTree.fromstring(svg)
    assert elements(figure, "rect", "band") == []
    # The line and the piece before its title.
    assert len(elements(figure, "polyline", "look1")) == 2


def test_a_row_from_outside_that_has_no_shots_is_a_level_line(monkeypatch):
    class Dream(Method):
        name = "dream"
        title = "Dream"
        has_shots = False

    monkeypatch.setitem(METHODS, "dream", Dream())
    results = [*RESULTS, *cells("dream", 1, [0.3, 0.32])]
    figure = drawn(results, {**TITLES, "dream": "Dream"})
    assert len(elements(figure, "rect", "band")) == 2
