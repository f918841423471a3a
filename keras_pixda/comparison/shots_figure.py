"""The figure of a comparison: mIoU against shots."""

import itertools
import math
from collections.abc import Iterable
from html import escape

from keras_pixda.comparison.apart import apart
from keras_pixda.comparison.figure_style import COLOURS, FONT, figure_style
from keras_pixda.comparison.plus_minus import plus_minus
from keras_pixda.comparison.results import Results

# Number of corners, turn in degrees, radius, and that of the inner corners of a star.
_MARKERS = (
    (3, -90, 5.5, None),
    (4, 45, 5.2, None),
    (4, 0, 5.8, None),
    (3, 90, 5.5, None),
    (24, 0, 4.4, None),
    (5, -90, 7.5, 3.4),
    (4, 0, 8, 3),
    (4, 45, 7, 2),
)
_DASHES = ("7 3", "2 3", "9 3 2 3", "4 2", "12 3")
_LINE = 19  # Height of a line of text.
_KEY = 34  # Width of the piece of line before a title.


def shots_figure(
    results: Results | Iterable[dict],
    titles: dict[str, str],
    shots: Iterable[int],
    width: int = 760,
) -> str:
    """Draw mIoU against the number of shots, a line for each method.

    The spread over seeds is a whisker; a row without shots, Source Only, is a level
    line with a band. A single seed has neither. Lines differ in colour, dashes and
    marker; those of PixDA are solid. Wide figures carry the titles at the ends of the
    lines, narrow ones below the axes. Light and dark follow the reader's setting.

    Example:
    ```python
    from keras_pixda.comparison import shots_figure

    results = [
        {"method": "pixda", "shots": shots, "seed": 0, "iou": {"mean_iou": value}}
        for shots, value in [(1, 0.41), (3, 0.45), (5, 0.47)]
    ]
    svg = shots_figure(results, {"pixda": "PixDA"}, shots=[1, 3, 5])
    assert svg.startswith("<svg")
    ```

    Args:
        results: `Results`, or cells as `results.json` holds them.
        titles: Dict from the name of a method to its title, one for each line.
        shots: Numbers of shots to show.
        width: Width of the figure in pixels. Defaults to 760.

    Returns:
        The figure as SVG text, a file of its own or a part of an HTML page.

    Raises:
        ValueError: If no cell belongs to a method of `titles` and one of `shots`.
    """
    results, shots = Results.of(results), sorted(shots)
    lines = [
        line
        for index, (name, title) in enumerate(titles.items())
        if (line := _Line(results, name, title, shots, index)).points
    ]
    if not lines:
        raise ValueError(
            f"No mIoU of the methods {list(titles)} at {shots} shots: nothing to draw."
        )
    space = _KEY + max(0.6 * FONT * len(line.title) for line in lines)
    beside = width >= 560
    right = width - (space + 24 if beside else 12)
    height = max(0.4 * width, 260, _LINE * len(lines))
    axes = _Axes(lines, shots, (40, right), (34, 34 + height))
    below = axes.bottom + 66
    if beside:
        ends = [axes.y(line.points[-1][1]) for line in lines]
        places = [(right + 20, y) for y in apart(ends, _LINE, axes.top, axes.bottom)]
        height = axes.bottom + 50
    else:
        columns = max(1, int((width - 12) // (space + 12)))
        rows = -(-len(lines) // columns)
        places = [
            (12 + i // rows * (space + 12), below + i % rows * _LINE)
            for i in range(len(lines))
        ]
        height = below + rows * _LINE
    drawn = [
        *axes.svg(),
        # Those of PixDA above the others.
        *(part for line in sorted(lines, key=_is_strong) for part in line.svg(axes)),
        *itertools.chain.from_iterable(
            line.label_svg(place, axes if beside else None)
            for line, place in zip(lines, places, strict=True)
        ),
    ]
    summary = "; ".join(f"{line.title}: {line.summary()}" for line in lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="shots-figure" role="img" '
        f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" '
        f'aria-label="{escape(f"mIoU in % against shots. {summary}.")}">\n'
        + f"<style>{figure_style()}</style>\n"
        + f'<rect class="paper" width="{width}" height="{height:.0f}"/>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _is_strong(line):
    return line.strong


class _Line:
    """What one method reached, and its looks."""

    def __init__(self, results, name, title, shots, index):
        self.title = title
        found = [(k, *results.over_seeds(name, k, "mean_iou")) for k in shots]
        # Shots, mean and spread in %; a single seed has no spread, NaN.
        self.points = [
            (k, 100 * mean, 100 * spread)
            for k, mean, spread in found
            if not math.isnan(mean)
        ]
        self.level = not results.has_shots(name)
        self.look = "level" if self.level else f"look{(index - 1) % len(COLOURS)}"
        self.marker = None if self.level else _MARKERS[(index - 1) % len(_MARKERS)]
        self.strong = name.startswith("pixda")
        dashes = "6 4" if self.level else _DASHES[(index - 1) % len(_DASHES)]
        self.stroke = 'stroke-width="2.5"'
        if not self.strong:
            self.stroke = f'stroke-width="1.5" stroke-dasharray="{dashes}"'

    def summary(self):
        if self.level:
            return f"{self.points[0][1]:.1f}"
        return ", ".join(f"{mean:.1f} at {k}" for k, mean, _ in self.points)

    def ends(self):
        for _, mean, spread in self.points:
            yield from (mean,) if math.isnan(spread) else (mean - spread, mean + spread)

    def svg(self, axes):
        if self.level:
            _, mean, spread = self.points[0]
            if not math.isnan(spread):
                top, bottom = axes.y(mean + spread), axes.y(mean - spread)
                yield (
                    f'<rect class="band" x="{axes.left:.1f}" y="{top:.1f}" width='
                    f'"{axes.right - axes.left:.1f}" height="{bottom - top:.1f}"/>'
                )
            ends = [(axes.left, axes.y(mean)), (axes.right, axes.y(mean))]
            yield _path(self.look, ends, self.stroke)
            return
        places = [(axes.x(k, self), axes.y(mean)) for k, mean, _ in self.points]
        yield _path(self.look, places, self.stroke)
        for (x, y), (k, mean, spread) in zip(places, self.points, strict=True):
            if spread > 0:
                high, low = axes.y(mean + spread), axes.y(mean - spread)
                yield _path(self.look, [(x, high), (x, low)], 'stroke-width="1.5"')
                for end in (high, low):
                    yield _path(self.look, [(x - 3, end), (x + 3, end)])
            text = f"{self.title}, {k}-shot: {mean:.1f}{plus_minus(spread)}"
            yield _marker(self, x, y, f"<title>{escape(text)}</title>")

    def label_svg(self, place, axes):
        """A piece of the line, and the title; with axes, led there from its end."""
        x, y = place
        if axes:
            k, mean, _ = self.points[-1]
            end = axes.right if self.level else axes.x(k, self) + 8
            yield _path("leader", [(end, axes.y(mean)), (x - 12, y), (x - 4, y)])
        yield _path(self.look, [(x, y), (x + _KEY - 8, y)], self.stroke)
        if not self.level:
            yield _marker(self, x + (_KEY - 8) / 2, y)
        yield _text(x + _KEY, y, self.title, "strong" if self.strong else "")


class _Axes:
    """Where shots and values lie."""

    def __init__(self, lines, shots, sides, heights):
        self.lines, self.shots = [line for line in lines if not line.level], shots
        (self.left, self.right), (self.top, self.bottom) = sides, heights
        ends = [end for line in lines for end in line.ends()]
        self.ticks = _ticks(min(ends), max(ends))

    def x(self, shots, line=None):
        """The place of a number of shots, and there of a line.

        Lines stand a little beside each other, so that whiskers do not overlap.
        """
        width = self.right - self.left
        first, last = self.shots[0], self.shots[-1]
        gap, x = width, self.left + width / 2
        if first < last:
            unit = 0.8 * width / (last - first)
            gap = unit * min(b - a for a, b in itertools.pairwise(self.shots))
            x = self.left + 0.1 * width + unit * (shots - first)
        if line:
            step = min(6 if first < last else 40, 0.4 * gap / len(self.lines))
            x += step * (self.lines.index(line) - (len(self.lines) - 1) / 2)
        return x

    def y(self, value):
        low, high = self.ticks[0], self.ticks[-1]
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)

    def svg(self):
        yield _text(8, 14, "mIoU, %", "faint")
        for tick in self.ticks:
            y = self.y(tick)
            yield _path("grid", [(self.left, y), (self.right, y)])
            yield _text(self.left - 8, y, f"{tick}", "faint end")
        for k in self.shots:
            yield _text(self.x(k), self.bottom + 16, f"{k}-shot", "faint middle")
        text = "labelled target images from each city"
        middle = (self.left + self.right) / 2
        yield _text(middle, self.bottom + 36, text, "faint middle")


def _ticks(low, high):
    """Round numbers from below `low` to above `high`, about six."""
    step = next(s for s in (1, 2, 5, 10, 20) if (high - low) / s <= 6 or s == 20)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


def _path(look, places, more=""):
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="{look}" points="{line}" {more}/>'


def _marker(line, x, y, inside=""):
    corners, turn, radius, inner = line.marker
    if inner:
        corners *= 2
    places = []
    for corner in range(corners):
        angle = math.radians(turn + 360 * corner / corners)
        r = inner if inner and corner % 2 else radius
        places.append(f"{x + r * math.cos(angle):.1f},{y + r * math.sin(angle):.1f}")
    look = f"marker {line.look}"
    return f'<polygon class="{look}" points="{" ".join(places)}">{inside}</polygon>'


def _text(x, y, text, look=""):
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
